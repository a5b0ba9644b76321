import { UserError } from "@isthmus/core";
import { clusterAccess, planCluster, type ClusterAccess, type ClusterPlan } from "@isthmus/k3s";
import { z } from "zod";
import { fleetOrRefuse } from "../../../plan/stack-files.ts";
import { parseCheckpoint, type Checkpoint } from "../pulumi/checkpoint.ts";
import { pulumi } from "../pulumi/cli.ts";
import { requireStack } from "../pulumi/stacks.ts";
import { withKeysInConfig } from "./keys-in-config.ts";
import { withMachinesInState } from "./machines-in-state.ts";
import { withTokensInState } from "./tokens-in-state.ts";

/** A cluster as it is declared, with what the stack knows of its machines. */
export interface DeployedCluster {
  readonly plan: ClusterPlan;
  readonly access: ClusterAccess;
  /** The one among the stack's outputs. */
  readonly kubeconfig?: string | undefined;
}

/** Reads the stack files and the stack's outputs. Every mistake is a `UserError`. */
export async function deployedCluster(site: string): Promise<DeployedCluster> {
  const plan = declaredCluster(site);
  await requireStack(site);
  const { access, kubeconfig } = await outputsOf(site);
  if (plan.settings.snapshots.s3 === undefined) return { plan, access, kubeconfig };
  const config: unknown = JSON.parse(await pulumi(["config", "--json", "--show-secrets", "--stack", site]));
  return { plan, access: withKeysInConfig(access, config), kubeconfig };
}

function declaredCluster(site: string): ClusterPlan {
  const { sites } = fleetOrRefuse(process.cwd());
  const found = sites.find(({ facts }) => facts.name === site);
  if (found !== undefined) return planCluster(found.cluster);
  throw new UserError(`There is no site "${site}"; there are: ${sites.map(({ facts }) => facts.name).join(", ")}.`);
}

async function outputsOf(site: string): Promise<Omit<DeployedCluster, "plan">> {
  const outputs: unknown = JSON.parse(await pulumi(["stack", "output", "--json", "--show-secrets", "--stack", site]));
  const read = z.looseObject({ clusterAccess, kubeconfig: z.string().optional() }).safeParse(outputs);
  if (read.success) {
    const access = withWhatStateKnows(read.data.clusterAccess, await stateWithSecrets(site));
    return { access, kubeconfig: read.data.kubeconfig };
  }
  throw new UserError(
    `The stack ${site} does not say how its machines are reached (output clusterAccess). Run: pulumi up --stack ${site}`,
  );
}

/** A run that failed left the outputs as they were before it. */
export function withWhatStateKnows(access: ClusterAccess, state: Checkpoint): ClusterAccess {
  return withTokensInState(withMachinesInState(access, state), state);
}

async function stateWithSecrets(site: string): Promise<Checkpoint> {
  return parseCheckpoint(await pulumi(["stack", "export", "--show-secrets", "--stack", site]), `The state of ${site}`);
}
