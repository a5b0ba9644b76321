import type { Resource } from "@pulumi/pulumi";
import type { ClusterPlan } from "../plan/plan.ts";
import type { K3sClusterArgs } from "./arguments.ts";
import type { KeptTokens } from "./tokens.ts";

/** What every step of a cluster needs. */
export interface ClusterContext {
  readonly name: string;
  readonly parent: Resource;
  readonly args: K3sClusterArgs;
  readonly plan: ClusterPlan;
  readonly tokens: KeptTokens;
}
