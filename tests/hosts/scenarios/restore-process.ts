/** `npm run restore` from where it knows cluster and snapshot, as a process of its own: tests kill it. */
import { readFileSync } from "node:fs";
import process from "node:process";

import { restoreCluster, type Restore } from "../../../cli/lib/cluster/restore.ts";
import type { DeployedCluster } from "../../../cli/lib/cluster/deployed.ts";

export interface RestoreTask extends Pick<Restore, "snapshot" | "attempt"> {
  readonly cluster: DeployedCluster;
}

const { cluster, snapshot, attempt } = JSON.parse(readFileSync(0, "utf8")) as RestoreTask;
await restoreCluster(cluster, { snapshot, attempt, say: (line) => process.stdout.write(`${line}\n`) });
