import { clusterAccess, planCluster, type ClusterAccess, type ClusterPlan } from "@isthmus/k3s";
import { z } from "zod";
import { fleetOrRefuse } from "../../../plan/stack-files.ts";
import { MissingError, UsageError } from "../exit.ts";
import { parseCheckpoint, type Checkpoint } from "../pulumi/checkpoint.ts";
import { pulumi } from "../pulumi/cli.ts";
import { requireStack, type StackAt } from "../pulumi/stacks.ts";
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
export async function deployedCluster(at: StackAt): Promise<DeployedCluster> {
  const plan = declaredCluster(at);
  await requireStack(at);
  const { access, kubeconfig } = await outputsOf(at);
  if (plan.settings.snapshots.s3 === undefined) return { plan, access, kubeconfig };
  const words = ["config", "--json", "--show-secrets", "--stack", at.site];
  const values: unknown = JSON.parse(await pulumi(at.config, words));
  return { plan, access: withKeysInConfig(access, values), kubeconfig };
}

function declaredCluster({ config, site }: StackAt): ClusterPlan {
  const { sites } = fleetOrRefuse(config);
  const found = sites.find(({ facts }) => facts.name === site);
  if (found !== undefined) return planCluster(found.cluster);
  throw new UsageError(`There is no site "${site}"; there are: ${sites.map(({ facts }) => facts.name).join(", ")}.`);
}

async function outputsOf(at: StackAt): Promise<Omit<DeployedCluster, "plan">> {
  const { config, site } = at;
  const words = ["stack", "output", "--json", "--show-secrets", "--stack", site];
  const outputs: unknown = JSON.parse(await pulumi(config, words));
  const read = z.looseObject({ clusterAccess, kubeconfig: z.string().optional() }).safeParse(outputs);
  if (read.success) {
    const access = withWhatStateKnows(read.data.clusterAccess, await stateWithSecrets(at));
    return { access, kubeconfig: read.data.kubeconfig };
  }
  throw new MissingError(
    `The stack ${site} does not say how its machines are reached (output clusterAccess). Run: pulumi up --stack ${site}`,
  );
}

/** A run that failed left the outputs as they were before it. */
export function withWhatStateKnows(access: ClusterAccess, state: Checkpoint): ClusterAccess {
  return withTokensInState(withMachinesInState(access, state), state);
}

async function stateWithSecrets({ config, site }: StackAt): Promise<Checkpoint> {
  const words = ["stack", "export", "--show-secrets", "--stack", site];
  return parseCheckpoint(await pulumi(config, words), `The state of ${site}`);
}
