import { UserError } from "@isthmus/core";
import {
  restoreStages,
  scripts,
  type ClusterAccess,
  type FoundSnapshot,
  type RestoreRequest,
  type Step,
} from "@isthmus/k3s";
import type { DeployedCluster } from "./deployed.ts";
import { mustRunScript } from "./run-script.ts";
import { serverNames, tokenOf } from "./snapshots.ts";

export interface Restore {
  readonly snapshot: FoundSnapshot;
  /** Names this restore: one that was interrupted goes on under the same name, and does nothing twice. */
  readonly attempt: string;
  readonly say: (line: string) => void;
}

/** Brings the cluster back to a snapshot. A failure leaves it as it is; the same restore again goes on from there. */
export async function restoreCluster(cluster: DeployedCluster, { snapshot, attempt, say }: Restore): Promise<void> {
  const { plan, access } = cluster;
  await allReachable(cluster);
  const token = await tokenOf(cluster, snapshot);
  const secrets = { ...access.secrets, SNAPSHOT_TOKEN: token };
  const request: RestoreRequest = { snapshot: snapshot.name, onto: snapshot.on, attempt, machines: access.machines };
  const stages = restoreStages(plan, request);
  for (const [index, stage] of stages.entries()) {
    say(`${index + 1}/${stages.length} ${stage.map(describe).join(", ")}`);
    const told = await Promise.all(stage.map((step) => runStep({ ...access, secrets }, step)));
    for (const said of told) if (said !== "") say(said);
  }
}

async function runStep(access: ClusterAccess, step: Step): Promise<string> {
  try {
    return (await mustRunScript(access, step)).said.trimEnd();
  } catch (error) {
    if (step.otherwise === undefined || !(error instanceof UserError)) throw error;
    return `${error.message}\n[${step.node}] ${step.otherwise}`;
  }
}

/** A server that cannot be reached cannot be stopped, and would go on as the old cluster beside the restored one. */
async function allReachable({ plan, access }: DeployedCluster): Promise<void> {
  const declared = serverNames(plan);
  const others = access.servers.filter((name) => !declared.includes(name));
  if (others.length > 0) {
    throw new UserError(
      `${others.join(", ")}: deployed as a server, and not declared any more: it would go on as the old cluster beside the restored one. ` +
        "Declare it again, restore, and take it out afterwards. Nothing was changed.",
    );
  }
  const look = { script: scripts.snapshots, parameters: noStore, secretNames: [] };
  await Promise.all(declared.map((node) => mustRunScript(access, { node, ...look })));
}

const noStore = { S3_BUCKET: "", S3_CA: "", S3_ENDPOINT: "", S3_FOLDER: "", S3_REGION: "" };

const what: Readonly<Record<string, string>> = {
  [scripts.readyToRestore.name]: "make ready",
  [scripts.leave.name]: "stop",
  [scripts.restore.name]: "restore",
  [scripts.admission.name]: "forget replaced machines",
  [scripts.installServer.name]: "rejoin",
  [scripts.restartAgent.name]: "start anew",
};

const describe = ({ node, script }: Step): string => `${what[script.name] ?? script.name}: ${node}`;
