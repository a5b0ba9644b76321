/**
 * What our scripts rely on of k3s. Runs unchanged against the stand-in and, with K3S_BIN and K3S_INSTALLER set, against
 * the real one. The steps build on one another, as the life of a cluster does.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";

import { inOrder } from "../../kits/in-order.ts";
import { requireHosts, until } from "../../kits/lab/hosts.ts";
import { k3sUnderTest } from "../../kits/k3s/k3s.ts";
import type { K3s } from "../../kits/k3s/k3s.ts";
import { agentsAndLosses } from "./agents-and-losses.ts";
import { AGENT_TOKEN, SERVER_TOKEN, TestCluster, type Member } from "./cluster.ts";
import { Transcripts } from "./transcripts.ts";

describe("the contract of k3s", function () {
  this.timeout(900_000);
  inOrder(this); // each step needs the one before
  let k3s: K3s;
  let cluster: TestCluster;
  let transcripts: Transcripts;

  before(async function () {
    requireHosts(this);
    k3s = await k3sUnderTest();
    transcripts = new Transcripts(k3s);
    cluster = await TestCluster.create(k3s, ["s1", "s2", "s3", "a1", "spare"]);
  });
  after(async () => {
    await (cluster as TestCluster | undefined)?.lab.destroy();
    (transcripts as Transcripts | undefined)?.report();
  });

  it("installs a unit, its environment and its scripts, and starts nothing that it is not to start", async () => {
    const spare = cluster.host("spare");
    await cluster.install("spare", "server", { "cluster-init": true });
    assert.match(await spare.ok("k3s --version"), new RegExp(`^k3s version ${k3s.version.replaceAll("+", "\\+")} \\(`));
    assert.equal((await spare.run("systemctl is-active k3s")).stdout, "inactive\n");
    assert.equal(await spare.ok("systemctl is-enabled k3s"), "enabled\n");
    assert.equal(await spare.ok("systemctl show -p Type,Restart k3s"), "Type=notify\nRestart=always\n");
    await spare.ok("test -x /usr/local/bin/k3s-killall.sh && test -x /usr/local/bin/k3s-uninstall.sh");
    await spare.ok("mkdir -p /etc/rancher/node && echo kept >/etc/rancher/node/password");
    await spare.ok("k3s-uninstall.sh");
    assert.equal((await spare.run("test -e /usr/local/bin/k3s || test -e /etc/systemd/system/k3s.service")).code, 1);
    assert.equal(await spare.ok("cat /etc/rancher/node/password"), "kept\n");
    await spare.ok("rm -r /etc/rancher/node");
  });

  it("carries K3S_ variables into the unit's environment file, readable by root only", async () => {
    const spare = cluster.host("spare");
    await spare.ok(`install -m 755 /srv/k3s/${k3s.version}/k3s /usr/local/bin/k3s`);
    const url = "K3S_URL=https://192.0.2.1:6443";
    await spare.ok(
      `${url} K3S_TOKEN=abc INSTALL_K3S_SKIP_DOWNLOAD=true INSTALL_K3S_SKIP_ENABLE=true /srv/k3s/${k3s.version}/install.sh`,
    );
    const file = "/etc/systemd/system/k3s-agent.service.env";
    assert.equal((await spare.ok(`stat -c %a ${file}`)).trim(), "600");
    assert.match(await spare.ok(`cat ${file}`), /^K3S_TOKEN='?abc'?$/m);
    assert.notEqual((await spare.run("systemctl is-enabled k3s-agent")).code, 0);
    await spare.ok("k3s-agent-uninstall.sh");
  });

  it("starts a cluster: Ready, an etcd voter, tokens and kubeconfig for root only", async () => {
    await cluster.join("s1", "server", { "cluster-init": true, "tls-san": ["api.example.org"] });
    const s1 = cluster.host("s1");
    assert.equal(await cluster.readyz(), "ok");
    const voter = (await cluster.conditions("s1")).find(({ type }) => type === "EtcdIsVoter");
    assert.deepEqual(
      [voter?.reason, voter?.message],
      ["MemberNotLearner", "Node is a voting member of the etcd cluster"],
    );
    assert.equal(
      (await s1.ok("stat -c %a /etc/rancher/k3s/k3s.yaml /var/lib/rancher/k3s/server/token")).trim(),
      "600\n600",
    );
    const roles = await cluster.kubectl("get node s1 -o 'jsonpath={.metadata.labels}'");
    assert.match(roles.stdout, /node-role\.kubernetes\.io\/control-plane/);
    assert.match(roles.stdout, /node-role\.kubernetes\.io\/etcd/);
    // Those of a new node, not-ready and uninitialized, go by themselves.
    await until(
      "no taint, as k3s sets none on its servers",
      async () => (await cluster.kubectl("get node s1 -o 'jsonpath={.spec.taints}'")).stdout === "",
      { timeoutMs: cluster.patience },
    );
    await until(
      "its node password",
      async () => (await cluster.kubectl("-n kube-system get secret s1.node-password.k3s")).code === 0,
    );
  });

  it("tells its CA to everybody, and the token's long form is made of that CA's hash", async () => {
    const s1 = cluster.host("s1");
    assert.equal(await cluster.host("s2").ok(`curl -sk --max-time 5 ${cluster.url("s1")}/ping`), "pong");
    const ca = await cluster.host("s2").ok(`curl -sk --max-time 5 ${cluster.url("s1")}/cacerts`);
    const hash = createHash("sha256").update(ca).digest("hex");
    assert.equal((await s1.ok("cat /var/lib/rancher/k3s/server/token")).trim(), `K10${hash}::server:${SERVER_TOKEN}`);
    assert.equal(
      (await s1.ok("cat /var/lib/rancher/k3s/server/agent-token")).trim(),
      `K10${hash}::node:${AGENT_TOKEN}`,
    );
    const refused = `curl -sk -o /dev/null -w '%{http_code}' ${cluster.url("s1")}/api/v1/nodes`;
    assert.equal(await cluster.host("s2").ok(refused), "401");
  });

  it("tells in which networks it lives, and has a certificate for the names that it was given, and for no others", async () => {
    const s1 = cluster.host("s1");
    await until("the network of its pods", async () => {
      const { stdout } = await cluster.kubectl("get node s1 -o 'jsonpath={.spec.podCIDR}'");
      return /^10\.42\.\d+\.0\/24$/.test(stdout);
    });
    const service = await cluster.kubectl("get service kubernetes -n default -o 'jsonpath={.spec.clusterIP}'");
    assert.equal(service.stdout, "10.43.0.1");
    const ask = (name: string): string =>
      `curl -s -o /dev/null --cacert /var/lib/rancher/k3s/server/tls/server-ca.crt --connect-to ${name}:6443:127.0.0.1:6443 https://${name}:6443/ping`;
    assert.equal((await s1.run(ask("api.example.org"))).code, 0);
    assert.equal((await s1.run(ask("other.example.org"))).code, 60);
  });

  it("keeps a Lease to who read it last: made once, replaced only as it was read, its times exact to a microsecond", async () => {
    const lease = (version: string, renewed: string): string =>
      JSON.stringify({
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata: { name: "probe", namespace: "kube-system", ...(version === "" ? {} : { resourceVersion: version }) },
        spec: { holderIdentity: "s1", leaseDurationSeconds: 60, renewTime: renewed },
      });
    const [exact, rough] = ["2026-11-21T10:00:00.000000Z", "2026-11-21T10:00:00Z"];
    const tell = async (verb: string, object: string) =>
      await cluster
        .host("s1")
        .run(`k3s kubectl ${verb} -o 'jsonpath={.metadata.resourceVersion}' -f -`, { stdin: object });
    assert.match((await tell("create", lease("", rough))).stderr, /cannot be handled as a Lease: parsing time/);
    const made = await tell("create", lease("", exact));
    assert.match(made.stdout, /^\d+$/);
    assert.match((await tell("create", lease("", exact))).stderr, /\(AlreadyExists\).*leases.* "probe" already exists/);
    assert.equal((await tell("replace", lease(made.stdout, "2026-11-21T10:00:01.000000Z"))).code, 0);
    assert.match(
      (await tell("replace", lease(made.stdout, exact))).stderr,
      /\(Conflict\).*the object has been modified/,
    );
    const here = "k3s kubectl -n kube-system get lease probe --ignore-not-found -o 'jsonpath={.spec.renewTime}'";
    assert.equal(await cluster.host("s1").ok(here), "2026-11-21T10:00:01.000000Z");
    await cluster.host("s1").ok("k3s kubectl -n kube-system delete lease probe");
    assert.equal(await cluster.host("s1").ok(here), "");
  });

  it("refuses a server whose token is wrong, and says so", async () => {
    await cluster.start("s2", "server", { server: cluster.url("s1"), token: "wrong", "agent-token": "wrong" });
    const line = await cluster.said("s2", "server", /level=fatal/);
    assert.match(line, /not authorized|401 Unauthorized/);
    transcripts.check("server-wrong-token", line);
    const skipped = await cluster.said("s2", "server", /level=warning.*Skipping cluster configuration validation/);
    transcripts.check("server-wrong-agent-token", skipped);
    await until(
      "the service to try again",
      async () => Number(await cluster.host("s2").ok("systemctl show -p NRestarts --value k3s")) > 0,
    );
    assert.equal((await cluster.members()).length, 1);
    await cluster.clear("s2");
  });

  it("refuses a server that expects another CA", async () => {
    const token = `K10${"0".repeat(64)}::server:${SERVER_TOKEN}`;
    await cluster.start("s2", "server", { server: cluster.url("s1"), token });
    const line = await cluster.said(
      "s2",
      "server",
      /level=fatal.*token CA hash does not match the Cluster CA certificate hash/,
    );
    transcripts.check("server-wrong-ca", line);
    await cluster.clear("s2");
  });

  it("refuses a server whose flags differ from those that run, and names them", async () => {
    await cluster.start("s2", "server", {
      server: cluster.url("s1"),
      "cluster-cidr": "10.66.0.0/16",
      "service-cidr": "10.67.0.0/16",
      "cluster-domain": "other.example",
      disable: ["servicelb"],
    });
    const line = await cluster.said(
      "s2",
      "server",
      /level=fatal.*critical configuration value mismatch between servers/,
    );
    transcripts.check("server-other-flags", line);
    const named = (await cluster.journal("s2", "server")).matchAll(
      /level=warning msg="critical configuration mismatched: (.*)"/g,
    );
    transcripts.check("server-other-flags-named", [...new Set([...named].map(([, flag]) => flag))].join("\n"));
    assert.equal((await cluster.members()).length, 1);
    await cluster.clear("s2");
  });

  it("takes a second server as a learner first, then as a voter", async () => {
    // The real one looks for learners every 15 s; the stand-in waits until it has been seen here.
    const hold = "/run/k3s-standin/hold-promotion";
    await cluster.host("s1").ok(`mkdir -p /run/k3s-standin && touch ${hold}`);
    await cluster.start("s2", "server", { server: cluster.url("s1") });
    await until("a learner", async () => (await cluster.members()).some(({ isLearner }) => isLearner === true), {
      timeoutMs: cluster.patience,
    });
    assert.equal((await cluster.host("s2").run("systemctl is-active k3s")).stdout, "activating\n");
    assert.notEqual(await cluster.readyz("s2"), "ok", "a learner serves no API");
    await cluster.host("s1").ok(`rm ${hold}`);
    await cluster.joined("s2", "server");
    const members = await cluster.members();
    assert.deepEqual(
      members.map(({ isLearner }) => isLearner ?? false),
      [false, false],
    );
  });

  it("takes a third server; a restart with another `server:` changes nothing for a member", async () => {
    await cluster.join("s3", "server", { server: cluster.url("s2") });
    assert.equal((await cluster.members("s3")).length, 3);
    await cluster.install("s3", "server", { server: "https://192.0.2.9:6443", "cluster-init": true });
    await cluster.host("s3").ok("systemctl restart k3s");
    await cluster.joined("s3", "server");
    assert.equal((await cluster.members("s1")).length, 3);
  });

  it("tells a host of etcd's members whoever asks there, and another host by token alone", async () => {
    const ask = (where: string, more = ""): string => `curl -sk --max-time 15 ${more} https://${where}:6443/db/info`;
    const s1 = cluster.host("s1");
    const here = JSON.parse(await s1.ok(ask("127.0.0.1"))) as { members: readonly Member[] };
    assert.deepEqual(
      here.members.map(({ ID, name, peerURLs }) => [typeof ID, name, peerURLs]).sort(),
      (await cluster.members()).map(({ name, peerURLs }) => ["number", name, peerURLs]).sort(),
    );
    assert.equal(await s1.ok(ask("127.0.0.1", "-u server:wrong -o /dev/null -w '%{http_code}'")), "200");
    const [there, code] = [s1.address, "-o /dev/null -w '%{http_code}'"];
    assert.match(await cluster.host("s2").ok(ask(there, code)), /^40[13]$/);
    assert.equal(await cluster.host("s2").ok(ask(there, `-u server:${SERVER_TOKEN} ${code}`)), "200");
  });

  it("keeps the member of a server whose Node was deleted as that of no etcd node", async () => {
    const before = (await cluster.members()).map(({ name }) => name).sort();
    // The server itself would label its Node again: one of another name stands for it here.
    const own = before.find((name) => name.startsWith("s3-")) ?? "";
    const notes = {
      "etcd.k3s.cattle.io/node-name": own,
      "etcd.k3s.cattle.io/node-address": cluster.host("s3").address,
    };
    const metadata = {
      name: "s3-of-old",
      annotations: notes,
      finalizers: ["wrangler.cattle.io/managed-etcd-controller"],
    };
    await cluster.host("s1").put("/root/node.json", JSON.stringify({ apiVersion: "v1", kind: "Node", metadata }));
    assert.equal((await cluster.kubectl("create -f /root/node.json")).code, 0);
    const deleted = await cluster.kubectl("delete node s3-of-old --ignore-not-found --timeout=60s");
    assert.equal(deleted.code, 0, deleted.stderr);
    assert.deepEqual((await cluster.members()).map(({ name }) => name).sort(), before);
  });

  agentsAndLosses(() => ({ k3s, cluster, transcripts }));
});
