/** Starts a control plane, says where it is, and never ends it: a test kills this. */
import { startCluster } from "./cluster.ts";
import type { ProgramFiles } from "./programs.ts";

const files = JSON.parse(process.argv[2] ?? "{}") as ProgramFiles;
const cluster = await startCluster(files, { serviceCidr: "10.43.0.0/16" });
process.stdout.write(cluster.folder);
setInterval(() => undefined, 60_000);
