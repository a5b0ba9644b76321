// The way into any-host-main.ts: every second that starting it takes is one in which no host is worked on.
require("tsx/cjs");
require("./any-host-main.ts");
