/** What our scripts rely on of k3s once a cluster runs: agents, members that come back or do not, snapshots. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import { until } from "../../kits/lab/hosts.ts";
import type { K3s } from "../../kits/k3s/k3s.ts";
import type { TestCluster } from "./cluster.ts";
import type { Transcripts } from "./transcripts.ts";

/** Of the cluster that the steps before have made. */
interface Contract {
  readonly k3s: K3s;
  readonly cluster: TestCluster;
  readonly transcripts: Transcripts;
}

export function agentsAndLosses(of: () => Contract): void {
  it("takes an agent with the agent token; sets its labels at every start, its taints once, and takes nothing away", async () => {
    const server = of().cluster.url("s2");
    const taint = { "node-taint": ["only=this:NoSchedule"] };
    const labels = ["tier=one", "first=yes", "topology.kubernetes.io/zone=one"];
    await of().cluster.join("a1", "agent", { server, "node-label": labels, ...taint });
    const read = async (): Promise<string> => {
      const labels = ["tier", "first", "later"].map((key) => `{.metadata.labels.${key}}`).join(" ");
      return (await of().cluster.kubectl(`get node a1 -o 'jsonpath=${labels} {.spec.taints[*].key}'`)).stdout;
    };
    assert.equal(await read(), "one yes  only");
    const other = { "node-label": ["tier=two", "later=yes"], "node-taint": ["other=that:NoSchedule"] };
    await of().cluster.install("a1", "agent", { server, ...other });
    await of().cluster.host("a1").ok("systemctl restart k3s-agent");
    await until("its labels", async () => (await read()) === "two yes yes only", {
      timeoutMs: of().cluster.patience,
    }).catch(async () => {
      assert.equal(await read(), "two yes yes only");
    });
  });

  it("names a zone by its older name, too, and keeps the newer one as that says, whoever changes it", async () => {
    const [newer, older] = ["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"];
    const zone = async (key: string): Promise<string> =>
      (await of().cluster.kubectl(`get node a1 -o 'jsonpath={.metadata.labels.${key.replaceAll(".", "\\.")}}'`)).stdout;
    await until("its older name", async () => (await zone(older)) === "one", { timeoutMs: of().cluster.patience });
    assert.equal((await of().cluster.kubectl(`label node a1 ${newer}-`)).code, 0);
    await until("the zone is back", async () => (await zone(newer)) === "one", { timeoutMs: of().cluster.patience });
    assert.equal((await of().cluster.kubectl(`label node a1 ${newer}=two ${older}=two --overwrite`)).code, 0);
    await sleep(3_000);
    assert.equal(await zone(newer), "two");
  });

  it("lets an agent read nodes with its own certificate, and no secrets", async () => {
    const kubelet = "--kubeconfig /var/lib/rancher/k3s/agent/kubelet.kubeconfig";
    assert.equal((await of().cluster.kubectl(`${kubelet} get node a1 -o name`, "a1")).stdout, "node/a1\n");
    const secrets = await of().cluster.kubectl(`${kubelet} -n kube-system get secrets`, "a1");
    assert.match(secrets.stderr, /forbidden/i);
    assert.notEqual((await of().cluster.kubectl(`${kubelet} delete node s3`, "a1")).code, 0);
  });

  it("refuses an agent whose token is wrong, and says so", async () => {
    await of().cluster.start("spare", "agent", { server: of().cluster.url("s1"), token: "wrong" });
    const line = await of().cluster.said("spare", "agent", /not authorized|401 Unauthorized/);
    of().transcripts.check("agent-wrong-token", line);
    assert.notEqual((await of().cluster.kubectl("get node spare")).code, 0);
    await of().cluster.clear("spare");
  });

  it("refuses an agent that has a known name and another password, until its Node is deleted", async () => {
    const read = "-n kube-system get secret a1.node-password.k3s -o";
    const hash = `${read} 'jsonpath={.data.hash}'`;
    const known = (await of().cluster.kubectl(hash)).stdout;
    assert.notEqual(known, "");
    const owner = "{.metadata.ownerReferences[0].kind}/{.metadata.ownerReferences[0].name}";
    const secret = await of().cluster.kubectl(`${read} 'jsonpath={.type} ${owner}'`);
    assert.equal(secret.stdout, "k3s.cattle.io/node-password Node/a1", "it is collected after its Node");
    const files = "/etc/rancher/node/password /var/lib/rancher/k3s/agent/client-kubelet.*";
    await of().cluster.host("a1").ok(`systemctl stop k3s-agent && rm ${files}`);
    await of().cluster.host("a1").ok("systemctl restart --no-block k3s-agent");
    const line = await of().cluster.said("a1", "agent", /Node password rejected, duplicate hostname/);
    of().transcripts.check("agent-other-password", line);
    const deleted = await of().cluster.kubectl("delete node a1 --timeout=60s");
    assert.equal(deleted.code, 0, deleted.stderr);
    // It tries again and again: as soon as the old password is gone, its new one is the one that counts.
    await of().cluster.joined("a1", "agent");
    assert.notEqual((await of().cluster.kubectl(hash)).stdout, known);
  });

  it("refuses a wiped server whose member is still there, and takes it once its Node is deleted", async () => {
    await of().cluster.host("s3").wipe();
    await of().cluster.start("s3", "server", { server: of().cluster.url("s1") });
    const line = await of().cluster.said(
      "s3",
      "server",
      /duplicate node name found, please use a unique name for this node/,
    );
    of().transcripts.check("server-duplicate-name", line);
    await of().cluster.host("s3").ok("systemctl stop k3s");
    assert.equal((await of().cluster.kubectl("delete node s3 --timeout=60s")).code, 0);
    assert.deepEqual((await of().cluster.members()).map(({ name }) => name.replace(/-[0-9a-f]+$/, "")).sort(), [
      "s1",
      "s2",
    ]);
    await of().cluster.host("s3").ok("systemctl start k3s");
    await of().cluster.joined("s3", "server");
  });

  it("removes the member of a Node that is deleted; that k3s says so, and rejoins when it is started again", async () => {
    const before = (await of().cluster.members()).find(({ name }) => name.startsWith("s3-"));
    assert.equal((await of().cluster.kubectl("delete node s3 --timeout=60s")).code, 0);
    assert.equal((await of().cluster.members()).length, 2);
    const line = await of().cluster.said("s3", "server", /This node has been removed from the cluster/i);
    of().transcripts.check("server-removed", line);
    await of().cluster.host("s3").ok("systemctl restart k3s");
    await of().cluster.joined("s3", "server");
    const after = (await of().cluster.members()).find(({ name }) => name.startsWith("s3-"));
    assert.notEqual(after?.name, before?.name);
  });

  it("shows a dead server as not Ready, and for a voter as etcd does, which counts its vote", async () => {
    await of().cluster.host("s3").powerOff();
    const is = async (kind: string): Promise<string | undefined> =>
      (await of().cluster.conditions("s3")).find(({ type }) => type === kind)?.status;
    await until("it is not Ready", async () => (await is("Ready")) === "Unknown", { timeoutMs: of().cluster.patience });
    await sleep(of().cluster.k3s.real ? 40_000 : 2_000); // k3s looks at its members every 15 s
    assert.equal(await is("EtcdIsVoter"), "True");
    assert.equal((await of().cluster.members()).length, 3);
    assert.equal((await of().cluster.kubectl("label node s1 written=with-two")).code, 0);
  });

  it("writes nothing without a majority, and loses nothing that it acknowledged", async () => {
    await of().cluster.host("s2").powerOff();
    assert.notEqual((await of().cluster.kubectl("label node s1 written=with-one --overwrite")).code, 0);
    assert.notEqual(await of().cluster.readyz(), "ok");
    await of().cluster.host("s2").powerOn();
    await of().cluster.joined("s2", "server");
    assert.equal(
      (await of().cluster.kubectl("get node s1 -o 'jsonpath={.metadata.labels.written}'")).stdout,
      "with-two",
    );
  });

  it("comes back by itself when everything was off", async () => {
    for (const host of of().cluster.lab.hosts) await host.powerOff();
    await Promise.all(
      ["s1", "s2", "s3", "a1"].map(async (name) => {
        await of().cluster.host(name).powerOn();
      }),
    );
    for (const name of ["s1", "s2", "s3"]) await of().cluster.joined(name, "server");
    await of().cluster.joined("a1", "agent");
    assert.equal((await of().cluster.members()).length, 3);
  });

  it("saves a snapshot and restores it: one member, the others join anew, what came later is gone", async () => {
    const [s1, s2, s3] = [of().cluster.host("s1"), of().cluster.host("s2"), of().cluster.host("s3")];
    await s1.ok("k3s etcd-snapshot save --name before");
    const path = (await s1.ok("ls /var/lib/rancher/k3s/server/db/snapshots/before-s1-*")).trim();
    assert.match(await s1.ok("k3s etcd-snapshot ls"), /before-s1-/);
    assert.equal((await of().cluster.kubectl("label node s1 written=after --overwrite")).code, 0);
    for (const host of [s1, s2, s3]) await host.ok("systemctl stop k3s");
    const wrong = await s1.run(`k3s server --cluster-reset --cluster-reset-restore-path=${path} --token=wrong`, {
      timeoutMs: of().cluster.patience,
    });
    assert.notEqual(wrong.code, 0);
    const reset = await s1.run(`k3s server --cluster-reset --cluster-reset-restore-path=${path}`, {
      timeoutMs: of().cluster.patience,
    });
    assert.equal(reset.code, 0, reset.stderr);
    assert.match(
      reset.stdout + reset.stderr,
      /Managed etcd cluster membership has been reset, restart without --cluster-reset flag now/,
    );
    await s1.ok("systemctl start k3s");
    await of().cluster.joined("s1", "server");
    assert.equal((await of().cluster.members()).length, 1);
    for (const [index, name] of ["s2", "s3"].entries()) {
      await of().cluster.host(name).ok("rm -rf /var/lib/rancher/k3s/server/db");
      await of().cluster.install(name, "server", { server: of().cluster.url("s1") });
      await of().cluster.host(name).ok("systemctl restart --no-block k3s");
      // What the snapshot says of it is true of before, for a while.
      await until(`${name} is a member`, async () => (await of().cluster.members()).length === index + 2, {
        timeoutMs: of().cluster.patience,
      });
      await of().cluster.joined(name, "server");
    }
    assert.equal((await of().cluster.members()).length, 3);
    assert.equal(
      (await of().cluster.kubectl("get node s1 -o 'jsonpath={.metadata.labels.written}'")).stdout,
      "with-two",
    );
  });
}
