/** Makes a lab, says where it is, and never removes it: a test kills it. */
import { readFileSync } from "node:fs";

import { createLab } from "./lab.ts";

const lab = await createLab(["orphan"]);
const pid = Number(readFileSync(`/run/isthmus-hosts/${String(lab.network.number)}/hosts/orphan/pid`, "utf8"));
process.stdout.write(JSON.stringify({ bridge: lab.network.bridge, pid }));
setInterval(() => undefined, 60_000);
