import { all } from "@pulumi/pulumi";
import type { ClusterContext } from "./context.ts";
import { snapshotStoreFile } from "../files/config.ts";
import { registriesFile } from "../files/registries.ts";

/** What only the nodes are told, by their role: contents of files, and tokens. Secret. */
export function secretsByRole({ args, plan, tokens }: ClusterContext) {
  const { registryLogins = {}, snapshotKeys } = args;
  const REGISTRIES = all(registryLogins).apply((logins) => registriesFile(plan.settings.registries, logins));
  const SNAPSHOT_STORE =
    snapshotKeys === undefined
      ? ""
      : all([snapshotKeys.accessKey, snapshotKeys.secretKey]).apply(([accessKey, secretKey]) =>
          snapshotStoreFile({ accessKey, secretKey }),
        );
  const OLDER_TOKENS = all([...tokens.older]).apply((older) => older.join("\n"));
  const agent = { files: { REGISTRIES }, tokens: { AGENT_TOKEN: tokens.agent } };
  const server = {
    files: { REGISTRIES, SNAPSHOT_STORE },
    tokens: { ...agent.tokens, OLDER_TOKENS, SERVER_TOKEN: tokens.server },
  };
  return { agent, server };
}
