import assert from "node:assert/strict";
import { secret } from "@pulumi/pulumi";
import type { ClusterAccess } from "../plan/access.ts";
import type { K3sNode } from "../plan/node.ts";
import { settingsOf, sixNodes } from "../testing.ts";
import { keptServerTokens } from "../operations/snapshots.ts";
import type { ClusterUpkeep } from "./upkeep.ts";

import { admit, canary, commandOf, named, register, type Secret } from "./testing.ts";

describe("K3sCluster", () => {
  it("registers exactly these resources for three servers and three agents", async () => {
    const { all } = await register();
    const short = (type: string): string => type.replace(/^.*:/, "");
    assert.deepEqual(all.map(({ type, name }) => `${short(type)} ${name}`).sort(), [
      "Cluster site-a",
      "Command site-a-admission",
      "Command site-a-agent-1",
      "Command site-a-agent-2",
      "Command site-a-agent-3",
      "Command site-a-bootstrap",
      "Command site-a-kubeconfig",
      "Command site-a-membership",
      "Command site-a-preflight-agent-1",
      "Command site-a-preflight-agent-2",
      "Command site-a-preflight-agent-3",
      "Command site-a-preflight-server-1",
      "Command site-a-preflight-server-2",
      "Command site-a-preflight-server-3",
      "Command site-a-server-1",
      "Command site-a-server-2",
      "Command site-a-server-3",
      "RandomPassword site-a-agent-token",
      "RandomPassword site-a-server-token",
      "Stash site-a-authority",
      "Stash site-a-fingerprint",
      "Stash site-a-peers-server-1",
      "Stash site-a-peers-server-2",
      "Stash site-a-peers-server-3",
      "Stash site-a-roster",
      "command site-a-scripts",
    ]);
  });

  it("joins servers one by one, in their order, after they were looked at and the dead were forgotten", async () => {
    const { all } = await register();
    const servers = [1, 2, 3].map((number) => named(all, `site-a-server-${String(number)}`));
    for (const before of ["site-a-preflight-server-3", "site-a-bootstrap", "site-a-admission"]) {
      assert.ok(named(all, before).ended < (servers[0]?.began ?? 0), before);
    }
    for (const [index, server] of servers.slice(1).entries()) {
      assert.ok((servers[index]?.ended ?? Infinity) < server.began, `${server.name} began before its turn`);
    }
  });

  it("joins agents after all servers, in as many lanes as allowed, each after it was looked at", async () => {
    const agents = Array.from({ length: 9 }, (_, index): K3sNode => {
      const number = String(index + 1);
      return { name: `agent-${number}`, role: "agent", address: `10.0.21.${number}`, labels: {}, taints: [] };
    });
    const nodes = [...sixNodes.slice(0, 3), ...agents];
    const { all } = await register({ settings: settingsOf({ agentLanes: 3 }) }, nodes);
    const joins = agents.map(({ name }) => named(all, `site-a-${name}`));
    const last = named(all, "site-a-server-3");
    for (const join of joins) {
      assert.ok(last.ended < join.began, join.name);
      assert.ok(named(all, join.name.replace("site-a-", "site-a-preflight-")).ended < join.began);
    }
    const atOnce = joins.map(
      ({ began }) => joins.filter((other) => other.began <= began && began < other.ended).length,
    );
    assert.equal(Math.max(...atOnce), 3);
  });

  it("lets the first server start without a fingerprint, and gives all others the one to check", async () => {
    const { all } = await register();
    const create = (name: string): string => commandOf(named(all, name));
    assert.ok(create("site-a-server-1").replaceAll("'\\''", "'").includes("\nCA=''\n"));
    assert.match(create("site-a-server-2"), /\nCA=K10abc\n/);
    assert.match(create("site-a-agent-1"), /\nCA=K10abc\n/);
    assert.match(create("site-a-agent-1"), /\nCANDIDATES=\(10\.0\.20\.10 10\.0\.20\.11 /);
  });

  it("gives it to a first server that took the place of another one, too", async () => {
    admit("word\nK10abc\n");
    const { all } = await register();
    admit("word\n");
    assert.match(commandOf(named(all, "site-a-server-1")).replaceAll("'\\''", "'"), /\nCA='?K10abc'?\n/);
  });

  it("has command lines that a person can read past in an error", async () => {
    const { all } = await register();
    for (const { name, inputs } of all.filter((one) => "create" in one.inputs)) {
      const command = String(inputs["create"]);
      assert.ok(command.length < (name === "site-a-bootstrap" ? 1000 : 100), `${name}: ${command}`);
    }
  });

  it("says which machine it is by trigger and label, so that another one joins anew", async () => {
    const { all, cluster } = await register();
    const server = named(all, "site-a-server-2");
    assert.deepEqual(server.inputs["triggers"], ["vm-server-2"]);
    const [, , told = ""] = (server.inputs["stdin"] as { value: string }).value.split("\n");
    assert.match(Buffer.from(told, "base64").toString(), /isthmus\/machine=[0-9a-f]{16}/);
    assert.deepEqual(named(all, "site-a-kubeconfig").inputs["triggers"], [cluster.clusterIdentifier]);
  });

  it("gives the server token to servers only, and no secret to a command line", async () => {
    const registryLogins = { "ghcr.io": secret({ username: "me", password: `${canary}-login` }) };
    const snapshotKeys = { accessKey: "id", secretKey: secret(`${canary}-s3`) };
    const { all } = await register({ registryLogins, snapshotKeys });
    for (const { name, inputs } of all) {
      const open = JSON.stringify([inputs["create"], inputs["environment"], inputs["triggers"], inputs["settings"]]);
      assert.ok(!open.includes(canary), name);
    }
    const stdin = (name: string): string => (named(all, name).inputs["stdin"] as { value: string }).value;
    const sent = (text: string): string => Buffer.from(text).toString("base64");
    const token = sent(`${canary}-site-a-server-token`);
    assert.ok(stdin("site-a-server-3").includes(token));
    assert.ok(!stdin("site-a-agent-1").includes(token));
    assert.ok(stdin("site-a-agent-1").includes(sent(`${canary}-site-a-agent-token`)));
  });

  it("rotates tokens before any server is started with the new one, and keeps and protects those from before", async () => {
    const tokens = { generation: 3, keepFrom: 2 };
    const { all, cluster, shielded } = await register({ settings: settingsOf({ tokens }) });
    const made = all.filter(({ type }) => type.endsWith(":RandomPassword")).map(({ name }) => name);
    assert.deepEqual(made.sort(), ["site-a-agent-token-3", "site-a-server-token-2", "site-a-server-token-3"]);
    assert.deepEqual(shielded, ["site-a-server-token-2", "site-a-server-token-3"]);
    const rotation = named(all, "site-a-token-rotation");
    assert.ok(named(all, "site-a-admission").ended < rotation.began);
    assert.ok(rotation.ended < named(all, "site-a-server-1").began);
    const sent = (text: string): string => Buffer.from(text).toString("base64");
    const told = (rotation.inputs["stdin"] as { value: string }).value.trimEnd().split("\n").slice(-2);
    assert.deepEqual(told, [sent(`${canary}-site-a-server-token-2`), sent(`${canary}-site-a-server-token-3`)]);
    const access = await new Promise<ClusterAccess>((resolve) => cluster.access.apply(resolve));
    assert.deepEqual(keptServerTokens(access), [`${canary}-site-a-server-token-3`, `${canary}-site-a-server-token-2`]);
  });

  it("takes the tokens of a cluster that existed before as the first generation", async () => {
    const given = { server: secret("given-server"), agent: secret("given-agent") };
    const first = await register({ tokens: given });
    assert.deepEqual(
      first.all.filter(({ type }) => type.endsWith(":RandomPassword")),
      [],
    );
    const second = await register({ tokens: given, settings: settingsOf({ tokens: { generation: 2 } }) });
    const access = await new Promise<ClusterAccess>((resolve) => second.cluster.access.apply(resolve));
    assert.deepEqual(keptServerTokens(access), [`${canary}-site-a-server-token-2`, "given-server"]);
  });

  it("keeps members and labels on any server that can be reached, after everybody joined", async () => {
    const { all } = await register();
    const membership = named(all, "site-a-membership");
    assert.ok(named(all, "site-a-agent-3").ended < membership.began);
    const [line] = (membership.inputs["stdin"] as { value: string }).value.split("\n");
    const hosts = JSON.parse(line ?? "") as { name: string; hostKey: string }[];
    assert.deepEqual(
      hosts.map(({ name, hostKey }) => `${name} ${hostKey}`),
      [1, 2, 3].map((number) => `server-${String(number)} ssh-ed25519 KEY-server-${String(number)}`),
    );
  });

  it("adds an agent without a change of what any other node is told", async () => {
    const told = async (nodes: readonly K3sNode[]): Promise<Map<string, string>> => {
      const { all } = await register({}, nodes);
      const installs = all.filter(({ name }) => /^site-a-(preflight-)?(server|agent)-\d$/.test(name));
      return new Map(installs.map(({ name, inputs }) => [name, JSON.stringify(inputs)]));
    };
    const [before, after] = [await told(sixNodes.slice(0, 5)), await told(sixNodes)];
    assert.equal(after.size, before.size + 2);
    for (const [name, inputs] of before) assert.equal(after.get(name), inputs, name);
  });

  it("has every server try the object store at the end of all, which nothing waits for, again only where nobody answered", async () => {
    const s3 = { endpoint: "s3.example.org", bucket: "etcd", folder: "site-a" };
    const settings = settingsOf({ snapshots: { s3 } });
    const snapshotKeys = { accessKey: "id", secretKey: secret(`${canary}-s3`) };
    const probes = async (before?: ClusterUpkeep) => {
      const { all, cluster } = await register({ settings, snapshotKeys, before });
      const found = all.filter(({ name }) => name.startsWith("site-a-snapshot-store-"));
      for (const one of found) {
        assert.ok(named(all, "site-a-membership").ended < one.began);
        assert.deepEqual(one.inputs["triggers"], [`vm-${one.name.slice("site-a-snapshot-store-".length)}`]);
        assert.ok(!commandOf(one).includes(canary));
      }
      const inputs = found.map(({ name, inputs: { stdin } }): [string, string] => [name, (stdin as Secret).value]);
      const upkeep = await new Promise<ClusterUpkeep>((resolve) => cluster.upkeep.apply(resolve));
      return { inputs: Object.fromEntries(inputs), upkeep };
    };
    const first = await probes();
    assert.deepEqual(
      Object.keys(first.inputs),
      [1, 2, 3].map((number) => `site-a-snapshot-store-server-${String(number)}`),
    );
    assert.deepEqual(first.upkeep.stores["server-2"], { asked: 1, found: "" });
    assert.deepEqual((await probes(first.upkeep)).inputs, first.inputs);

    const away = { asked: 1, found: "away: s3.example.org at write: curl: (7) refused" };
    const second = await probes({ stores: { ...first.upkeep.stores, "server-2": away } });
    const changed = Object.keys(first.inputs).filter((name) => second.inputs[name] !== first.inputs[name]);
    assert.deepEqual(changed, ["site-a-snapshot-store-server-2"]);
    assert.deepEqual((await probes(second.upkeep)).inputs, second.inputs);
  });

  it("reads the kubeconfig anew where the last one ends soon, on what former releases wrote without a change", async () => {
    const kubeconfig = async (before?: ClusterUpkeep) => {
      const { all, cluster } = await register({ before });
      const upkeep = await new Promise<ClusterUpkeep>((resolve) => cluster.upkeep.apply(resolve));
      const { inputs } = named(all, "site-a-kubeconfig");
      return { stdin: (inputs["stdin"] as Secret).value, asked: upkeep.kubeconfig?.asked };
    };
    const ends = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();
    const first = await kubeconfig();
    assert.equal(
      first.stdin.split("\n").length,
      4,
      "the hosts, the script, its parameters, and nothing that it is run again on",
    );
    assert.deepEqual(await kubeconfig({ kubeconfig: { asked: 1, ends: ends(200) }, stores: {} }), first);
    const second = await kubeconfig({ kubeconfig: { asked: 1, ends: ends(20) }, stores: {} });
    assert.deepEqual(second, { stdin: `${first.stdin}2\n`, asked: 2 });
    assert.deepEqual(await kubeconfig({ kubeconfig: { asked: 2, ends: ends(364) }, stores: {} }), second);
  });

  it("refuses snapshots in an object store without its keys", async () => {
    const s3 = { endpoint: "s3.example.org", bucket: "etcd", folder: "site-a" };
    await assert.rejects(register({ settings: settingsOf({ snapshots: { s3 } }) }), /has no keys for it/);
  });
});
