import type { Parameters, Script } from "@isthmus/remote/script";

/** One script on one host. */
export interface Step {
  readonly node: string;
  readonly script: Script;
  readonly parameters: Parameters;
  /** Names of the secrets that it reads, as `ClusterAccess` has them. */
  readonly secretNames: readonly string[];
  /** What a person does about it later, where it may fail without ending the rest. */
  readonly otherwise?: string | undefined;
}
