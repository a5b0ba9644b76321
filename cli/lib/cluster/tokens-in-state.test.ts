import assert from "node:assert/strict";
import { keptServerTokens } from "@isthmus/k3s";
import { parseCheckpoint } from "../pulumi/checkpoint.ts";
import { withTokensInState } from "./tokens-in-state.ts";

const access = (secrets: Record<string, string>) => ({ hosts: {}, servers: [], machines: {}, secrets });
const marked = (value: unknown) => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  plaintext: JSON.stringify(value),
});

type Made = readonly [name: string, token: string, changes?: object];

function stateOf(tokens: readonly Made[]) {
  const resources = tokens.map(([name, token, changes]) => ({
    urn: `urn:pulumi:site-a::isthmus::random:index/randomPassword:RandomPassword::${name}`,
    type: "random:index/randomPassword:RandomPassword",
    outputs: { result: marked(token) },
    ...changes,
  }));
  return parseCheckpoint(JSON.stringify({ version: 3, deployment: { manifest: { time: "" }, resources } }), "a test");
}

const kept = (secrets: Record<string, string>, ...tokens: readonly Made[]): readonly string[] =>
  keptServerTokens(withTokensInState(access(secrets), stateOf(tokens)));

describe("server tokens in a state", () => {
  it("count beside those of outputs that a rotation which did not end left as they were, the newest first", () => {
    const state = [
      ["k3s-server-token", "first"],
      ["k3s-server-token-10", "tenth"],
      ["k3s-server-token-9", "ninth"],
    ] as const;
    assert.deepEqual(kept({ SERVER_TOKEN: "ninth", OLDER_TOKENS: "first" }, ...state), ["tenth", "ninth", "first"]);
  });

  it("are not the only ones: those of a cluster that was adopted come from the stack's secrets", () => {
    assert.deepEqual(kept({ SERVER_TOKEN: "given", OLDER_TOKENS: "" }, ["k3s-server-token-2", "made"]), [
      "made",
      "given",
    ]);
    assert.deepEqual(kept({ SERVER_TOKEN: "given" }), ["given"]);
  });

  it("are not agents' tokens, passwords of services, or tokens that are about to be deleted", () => {
    const others = [
      ["k3s-agent-token-2", "agents"],
      ["generated-grafana", "grafana"],
      ["k3s-server-token-2", "deleted", { delete: true }],
    ] as const;
    assert.deepEqual(kept({ SERVER_TOKEN: "first" }, ...others), ["first"]);
  });
});
