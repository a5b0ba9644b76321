import assert from "node:assert/strict";
import { UserError } from "@isthmus/core";
import * as pulumi from "@pulumi/pulumi";
import { peerValue, readPeers, type Peer, type ReadStack, type StackRead } from "./peers.ts";

const exported = {
  version: 1,
  site: "site-b",
  ingressAddresses: "ingress/private 10.1.20.210",
  overlayAddresses: "k3s-b-server-1 10.147.17.20",
  objectStore: {
    endpoint: "https://10.147.17.122:9000",
    ca: "PEM",
    accounts: { "site-a": { bucket: "backups-site-a", accessKey: "site-a" } },
  },
};
const exportSecrets = { "objectStore.accounts.site-a.secretKey": "hidden" };

const reading =
  (stacks: Readonly<Record<string, StackRead>>): ReadStack =>
  (stack) =>
    Promise.resolve(stacks[stack] ?? { missing: true });

async function siteB(stacks: Readonly<Record<string, StackRead>>): Promise<Peer> {
  const [peer] = await readPeers("site-a", ["site-b"], reading(stacks));
  assert.ok(peer);
  return peer;
}

describe("another site", () => {
  const up: StackRead = { outputs: { exports: exported, exportSecrets } };
  const kept: StackRead = {
    outputs: { peers: { "site-b": exported }, peerSecrets: { "site-b": exportSecrets } },
  };

  it("is linked when its outputs can be read", async () => {
    const peer = await siteB({ "site-b": up });
    assert.deepEqual([peer.status, peer.values, peer.secrets], ["linked", exported, exportSecrets]);
  });

  for (const [status, read] of [
    ["absent", { missing: true }],
    ["absent", { outputs: {} }],
    ["unreadable", { error: "incorrect passphrase" }],
    ["other version", { outputs: { exports: { ...exported, version: 2 } } }],
    ["unreadable", { outputs: { exports: { version: 1, site: "site-b" } } }],
  ] as const) {
    it(`that is ${status} (${JSON.stringify(read).slice(0, 60)}) leaves links out before the first link, and none after`, async () => {
      const first = await siteB({ "site-b": read });
      assert.equal(first.status, status);
      assert.equal(first.values, undefined);
      assert.ok(first.why);
      const later = await siteB({ "site-a": kept, "site-b": read });
      assert.equal(later.status, status);
      assert.deepEqual([later.values, later.secrets], [exported, exportSecrets]);
    });
  }

  it("stops the run rather than lose links, where neither it nor what was kept of it can be read", async () => {
    const gone: StackRead = { missing: true };
    await assert.rejects(siteB({ "site-b": gone, "site-a": { error: "EOF" } }), UserError);
    await assert.rejects(
      siteB({ "site-b": gone, "site-a": { outputs: { peers: { "site-b": { version: 0 } } } } }),
      UserError,
    );
  });

  it("is not asked for where there is none", async () => {
    const never: ReadStack = () => Promise.reject(new Error("nothing to read"));
    assert.deepEqual(await readPeers("site-a", [], never), []);
  });

  it("gives values by path, secret where it says so", async () => {
    const peer = await siteB({ "site-b": up });
    assert.equal(peerValue(peer, "objectStore.endpoint"), "https://10.147.17.122:9000");
    assert.equal(peerValue(peer, "metrics.endpoint"), undefined);
    assert.equal(peerValue(undefined, "site"), undefined);
    const hidden = peerValue(peer, "objectStore.accounts.site-a.secretKey");
    assert.ok(pulumi.Output.isInstance(hidden));
    assert.equal(await pulumi.isSecret(hidden), true);
  });
});
