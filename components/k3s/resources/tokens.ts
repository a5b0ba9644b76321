import type { Input, Output, Resource } from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random/randomPassword.js";
import { tokenName } from "../plan/fingerprint.ts";

/** Tokens of a cluster that exists already. Secret. */
export interface ClusterTokens {
  readonly server: Input<string>;
  readonly agent: Input<string>;
}

/** The tokens of today, and what snapshots from before need. */
export interface KeptTokens extends ClusterTokens {
  /** Server tokens from before rotations, the newest first. Agents' tokens are in no snapshot. */
  readonly older: readonly Input<string>[];
}

export interface TokenGenerations {
  readonly name: string;
  readonly parent: Resource;
  readonly settings: { readonly generation: number; readonly keepFrom: number };
  /** The first generation, where the cluster existed before. */
  readonly given: ClusterTokens | undefined;
}

/**
 * Makes the tokens of every generation that is kept. Server tokens are protected: without them the snapshots of their
 * time are lost. One that `keepFrom` has passed is let go of with `pulumi state unprotect`.
 */
export function makeTokens({ name, parent, settings, given }: TokenGenerations): KeptTokens {
  const make = (kind: "server" | "agent", generation: number): Output<string> =>
    new RandomPassword(
      tokenName(name, kind, generation),
      { length: 48, special: false },
      { parent, protect: kind === "server" },
    ).result;
  const token = (kind: "server" | "agent", generation: number): Input<string> =>
    generation === 1 && given !== undefined ? given[kind] : make(kind, generation);

  const { generation, keepFrom } = settings;
  const older = Array.from({ length: generation - keepFrom }, (_, back) => generation - 1 - back);
  return {
    server: token("server", generation),
    agent: token("agent", generation),
    older: older.map((one) => token("server", one)),
  };
}
