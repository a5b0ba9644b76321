/**
 * What a rotation of tokens and the choice of a snapshot's token rely on. As the contract suite, it runs unchanged against
 * a real k3s.
 */
import assert from "node:assert/strict";

import { tokenFingerprint } from "@isthmus/k3s";
import { inOrder } from "../../kits/in-order.ts";
import { requireHosts, until } from "../../kits/lab/hosts.ts";
import { k3sUnderTest } from "../../kits/k3s/k3s.ts";
import { SERVER_TOKEN, TestCluster } from "./cluster.ts";

const db = "/var/lib/rancher/k3s/server/db";
const next = "tokens-only-go-forwards";

describe("the contract of k3s: server tokens", function () {
  this.timeout(900_000);
  inOrder(this); // each step needs the one before
  let cluster: TestCluster;

  before(async function () {
    requireHosts(this);
    cluster = await TestCluster.create(await k3sUnderTest(), ["s1", "s2", "s3"]);
    await cluster.join("s1", "server", { "cluster-init": true });
    await cluster.join("s2", "server", { server: cluster.url("s1") });
    await cluster.join("s3", "server", { server: cluster.url("s1") });
  });
  after(async () => {
    await (cluster as TestCluster | undefined)?.lab.destroy();
  });

  const holds = async (name: string, file: string, text: string): Promise<boolean> =>
    (await cluster.host(name).run(`grep -qaF -- '${text}' ${file}`)).code === 0;
  const key = (token: string): string => `/bootstrap/${tokenFingerprint(token)}`;
  const answer = async (name: string, token: string): Promise<string> =>
    await cluster
      .host(name)
      .ok("curl -sk -o /dev/null -w '%{http_code}' -K - https://127.0.0.1:6443/v1-k3s/server-bootstrap", {
        stdin: `user = "server:${token}"`,
      });

  it("name what they seal in etcd by a hash: it is in the file of etcd and in every snapshot, the token is not", async () => {
    const s1 = cluster.host("s1");
    await s1.ok("k3s etcd-snapshot save --name before");
    const snapshot = (await s1.ok(`ls ${db}/snapshots/before-s1-*`)).trim();
    for (const file of [snapshot, `${db}/etcd/member/snap/db`]) {
      assert.equal(await holds("s1", file, key(SERVER_TOKEN)), true, file);
      assert.equal(await holds("s1", file, SERVER_TOKEN), false, file);
    }
  });

  it("are rotated on one server: the file there and etcd have the new one; everybody is let in with the old one until a start", async () => {
    // As its command asks for it, which takes the new one as an argument alone.
    const request =
      'request = PUT\nheader = "Content-Type: application/json"\ndata = "{\\"newToken\\":\\"' + next + '\\"}"\n';
    const ask = async (token: string): Promise<string> =>
      await cluster
        .host("s1")
        .ok(
          "curl -s -o /dev/null -w '%{http_code}' --cacert /var/lib/rancher/k3s/server/tls/server-ca.crt -K - https://127.0.0.1:6443/v1-k3s/token",
          { stdin: `${request}user = "server:${token}"\n` },
        );
    await cluster.host("s3").ok("systemctl stop k3s");
    assert.deepEqual([await ask("wrong"), await ask(SERVER_TOKEN)], ["401", "200"]);
    assert.equal(await holds("s1", "/var/lib/rancher/k3s/server/token", next), true);
    for (const name of ["s1", "s2"]) {
      assert.deepEqual([await answer(name, SERVER_TOKEN), await answer(name, next)], ["200", "401"], name);
    }
    for (const name of ["s1", "s2"]) {
      await until(`${name} has the new key`, () => holds(name, `${db}/etcd/member/snap/db`, key(next)));
    }
  });

  it("may be rotated to the same one on another server, too: nothing is left to do", async () => {
    await cluster.host("s2").ok(`k3s token rotate --new-token ${next}`);
    assert.deepEqual([await answer("s2", SERVER_TOKEN), await answer("s2", next)], ["200", "401"]);
  });

  it("may be the new one for who was off meanwhile as soon as its etcd has heard of it, though the others still want the old one", async () => {
    const s3 = cluster.host("s3");
    assert.equal(await holds("s3", `${db}/etcd/member/snap/db`, key(next)), false);
    await s3.ok("systemctl start --no-block k3s");
    await cluster.said("s3", "server", /Shutdown request received: failed to save .*encrypted with different token/);
    await until("s3 has the new key", () => holds("s3", `${db}/etcd/member/snap/db`, key(next)));
    await cluster.start("s3", "server", { server: cluster.url("s1"), token: next });
    await cluster.said("s3", "server", /Unable to reconcile with remote datastore: not authorized/);
    await until("s3 is well", async () => (await cluster.readyz("s3")) === "ok", { timeoutMs: cluster.patience });
    assert.deepEqual([await answer("s3", SERVER_TOKEN), await answer("s3", next)], ["401", "200"]);
  });

  it("have to be known to a server that starts after a rotation", async () => {
    const s1 = cluster.host("s1");
    await cluster.start("s2", "server", { server: cluster.url("s1"), token: next });
    await s1.ok("systemctl restart --no-block k3s");
    await cluster.said("s1", "server", /level=fatal.*encrypted with different token/);
    await cluster.start("s1", "server", { "cluster-init": true, token: next });
    await cluster.joined("s1", "server", "s1");
    await cluster.joined("s2", "server", "s2");
    for (const name of ["s1", "s2"]) {
      assert.deepEqual([await answer(name, SERVER_TOKEN), await answer(name, next)], ["401", "200"], name);
    }
  });

  it("open the snapshots of their time: a new one knows the new key, the old one as what was there before", async () => {
    const s2 = cluster.host("s2");
    await s2.ok("k3s etcd-snapshot save --name after");
    assert.equal(await holds("s2", `${db}/snapshots/after-s2-*`, key(next)), true);
    const before = (await cluster.host("s1").ok(`ls ${db}/snapshots/before-s1-*`)).trim();
    assert.equal(await holds("s1", before, key(next)), false);
  });
});
