// As ../../../main.js: what a run of this program costs is what one of the real one costs.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
require("tsx/cjs");
export default require("./index.ts").default;
