require("tsx/cjs/api").register();
require("./pack.ts");
