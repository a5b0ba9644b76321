import { UserError, type MachineConnection } from "@isthmus/core";
import type { Hop } from "@isthmus/remote";
import { output, type Input, type Output } from "@pulumi/pulumi";
import type { RegistryLogin } from "../files/registries.ts";
import type { ClusterFacts } from "../plan/plan.ts";
import { checksumFindings, checksumMissingRule } from "../settings/checksums.ts";
import type { ClusterTokens } from "./tokens.ts";
import type { ClusterUpkeep } from "./upkeep.ts";

export interface K3sClusterArgs extends ClusterFacts {
  /** The machine of every node, by the node's name. Another `machineId` makes the node join anew. */
  readonly machines: Readonly<Record<string, MachineConnection>>;
  /** Private key of the user that every machine lets in. Secret. */
  readonly privateKey: Input<string>;
  /** A host to go through to all of them. Default: none. */
  readonly proxy?: Hop | undefined;
  /** Keys of the object store for snapshots. Required with `settings.snapshots.s3`. Secret. */
  readonly snapshotKeys?: { readonly accessKey: Input<string>; readonly secretKey: Input<string> } | undefined;
  /** Who the nodes are at which registry. Required with `settings.registries.logins`. Secret. Default: nobody. */
  readonly registryLogins?: Readonly<Record<string, Input<RegistryLogin>>> | undefined;
  /** Tokens of a cluster that exists already. Required with `settings.adopt`. Default: made here, and kept in the state. Secret. */
  readonly tokens?: ClusterTokens | undefined;
  /** What the last run that ended well found out: its `upkeep`. Default: nothing. */
  readonly before?: ClusterUpkeep | undefined;
}

/** As people copy them from a server they have a long form, `K10…::server:…`, which says what cluster they are of. */
export function shortTokens({ server, agent }: ClusterTokens): ClusterTokens {
  const short = (token: Input<string>): Output<string> =>
    output(token).apply((text) => text.trim().replace(/^K10[0-9a-f]*::[^:]*:/, ""));
  return { server: short(server), agent: short(agent) };
}

/** What the types cannot say. Throws `UserError`. */
export function checkArgs({ name, nodes, settings, snapshotKeys, tokens }: K3sClusterArgs): void {
  const [unknown] = checksumFindings(nodes, settings).filter(({ rule }) => rule === checksumMissingRule.id);
  if (unknown !== undefined) throw new UserError(`cluster ${name}: ${unknown.problem}: ${unknown.fix}`);
  if (settings.adopt !== undefined && tokens === undefined) {
    throw new UserError(`cluster ${name} is to be adopted, and its tokens are not given`);
  }
  if (settings.snapshots.s3 !== undefined && snapshotKeys === undefined) {
    throw new UserError(
      `cluster ${name} keeps snapshots in ${settings.snapshots.s3.bucket}, and the stack has no keys for it: ` +
        "set the secrets for its access key and secret key, or take snapshots.s3 out",
    );
  }
}
