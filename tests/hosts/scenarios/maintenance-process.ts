/** `npm run update-os` and `rotate-certificates` from where they know the cluster, as a process of its own: tests kill it. */
import { readFileSync } from "node:fs";
import process from "node:process";

import type { RotationRequest, UpdateRequest } from "@isthmus/k3s";
import type { DeployedCluster } from "../../../cli/lib/cluster/deployed.ts";
import { lookAtAllCertificates, rotateCertificates } from "../../../cli/lib/cluster/rotate-certificates.ts";
import { lookForOsUpdates, updateOs } from "../../../cli/lib/cluster/update-os.ts";

export interface MaintenanceTask {
  readonly cluster: DeployedCluster;
  readonly update?: UpdateRequest;
  readonly rotation?: RotationRequest;
}

const { cluster, update, rotation } = JSON.parse(readFileSync(0, "utf8")) as MaintenanceTask;
const manner = { say: (line: string) => process.stdout.write(`${line}\n`), rebootSeconds: 60 };
if (update !== undefined) {
  await updateOs(cluster, { looked: await lookForOsUpdates(cluster), request: update, manner });
}
if (rotation !== undefined) {
  await rotateCertificates(cluster, { looked: await lookAtAllCertificates(cluster), request: rotation, manner });
}
