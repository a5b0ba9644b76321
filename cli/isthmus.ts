import { verbs } from "./commands/index.ts";
import { start } from "./lib/command/start.ts";

await start(verbs, process.argv.slice(2));
