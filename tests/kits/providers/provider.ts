/** A simulated Pulumi provider: `provider.ts --package NAME --version VERSION ENGINE-ADDRESS`. Its rules are in `rules/NAME.ts`. */
import { basename } from "node:path";
import { parseArgs } from "node:util";

import { CallLog } from "./call-log.ts";
import type { PackageRules } from "./contract.ts";
import { loadExecutor } from "./executor.ts";
import { Faults } from "./faults.ts";
import { serve } from "./server.ts";
import { Service } from "./service.ts";
import { Store } from "./store.ts";

const { values } = parseArgs({
  options: { package: { type: "string" }, version: { type: "string" } },
  allowPositionals: true,
  strict: false,
});
const name = basename(String(values.package));
const folder = process.env["ISTHMUS_SIM_STORE"];
if (folder === undefined) throw new Error("ISTHMUS_SIM_STORE must name the folder of the simulated world");

const { rules } = (await import(`./rules/${name}.ts`)) as { readonly rules: PackageRules };
const executor = loadExecutor(process.env["ISTHMUS_SIM_EXECUTOR"], process.env["ISTHMUS_SIM_ANSWERS"]);
const log = new CallLog(folder);
const faults = new Faults(process.env["ISTHMUS_SIM_FAULTS"], folder);
const service = new Service({ package: name, rules, faults, world: { store: new Store(folder), executor, log } });

await serve({ name, version: String(values.version), service, log });

// A provider whose engine was killed has nobody to answer: real ones notice too.
const engine = process.ppid;
setInterval(() => {
  if (process.ppid !== engine) process.exit(1);
}, 200);
