import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { sampleModel } from "../config/testing.ts";
import { catalogue } from "../plan/catalogue.ts";
import { planFleet } from "../plan/fleet.ts";
import { buildSite } from "./site.ts";

const values: Readonly<Record<string, string>> = {
  sshKey: "the-key",
  k3sToken: `K10${"a".repeat(64)}::server:token-of-servers\n`,
  k3sAgentToken: "token-of-agents",
  registryPassword: "password-of-nodes",
};
const base64 = (text: string): string => Buffer.from(text).toString("base64");

describe("a stack file that adopts a cluster and has a registry with a login", function () {
  this.timeout(60_000);
  const inputs = new Map<string, Readonly<Record<string, unknown>>>();

  before(async () => {
    const [plan] = planFleet(sampleModel("adopted-behind-a-mirror", catalogue)).sites;
    assert.ok(plan);
    await pulumi.runtime.setMocks(
      {
        newResource: ({ name, inputs: given }) => {
          inputs.set(name, given as Readonly<Record<string, unknown>>);
          const { input } = given as { readonly input?: unknown };
          return { id: `${name}-id`, state: { ...(given as object), stdout: "K10abc\n", output: input } };
        },
        call: ({ token }) => {
          throw new Error(`unexpected call of ${token}`);
        },
      },
      "isthmus",
      "home",
      false,
    );
    const secret = (name: string): pulumi.Output<string> => pulumi.secret(values[name] ?? "");
    buildSite({ plan, secret, peers: [], chartMirror: undefined });
    await pulumi.runtime.disconnect();
  });

  const text = (name: string, key: string): string => {
    const given = inputs.get(name)?.[key];
    return typeof given === "string" ? given : (given as { value: string }).value;
  };

  it("looks at the running cluster in place of permitting a new one, with its tokens in their short form", () => {
    assert.match(text("home-k3s-bootstrap", "create"), /adopt\.sh$/);
    const sent = text("home-k3s-bootstrap", "stdin").split("\n");
    assert.ok(sent.includes(base64("token-of-servers")));
    assert.ok(sent.includes(base64("token-of-agents")));
    const { ISTHMUS_COMMAND } = inputs.get("home-k3s-pi-1")?.["environment"] as Readonly<Record<string, string>>;
    assert.match(ISTHMUS_COMMAND ?? "", /\nADOPT=true\n/);
    assert.ok(![...inputs.keys()].some((name) => name.endsWith("-token")), "no token is made");
  });

  it("exempts no service by a list on the servers: the label of its namespace says what it needs", () => {
    const { labels } = inputs.get("metallb-namespace")?.["metadata"] as { labels: Readonly<Record<string, string>> };
    assert.equal(labels["pod-security.kubernetes.io/enforce"], "privileged");
    const [, , parameters = ""] = text("home-k3s-pi-1", "stdin").split("\n");
    const told = Buffer.from(parameters, "base64").toString();
    assert.match(told, /namespaces:\n +- kube-system\n/);
    assert.doesNotMatch(told, /- metallb/);
  });

  it("gives every node registries.yaml with the password, on standard input alone", () => {
    for (const name of ["home-k3s-pi-1", "home-k3s-pc-1"]) {
      const file = text(name, "stdin")
        .split("\n")
        .map((line) => Buffer.from(line, "base64").toString())
        .find((decoded) => decoded.startsWith("mirrors:"));
      assert.match(file ?? "", /password: password-of-nodes\n/);
      assert.doesNotMatch(text(name, "create"), /password-of-nodes|token-of/);
    }
  });
});
