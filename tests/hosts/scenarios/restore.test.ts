/** What `npm run status`, `snapshot` and `restore` do, on hosts, with what the stack gives out. */
import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";

import { scripts } from "@isthmus/k3s";
import { execa } from "execa";
import { changed } from "../../kits/engine/harness.ts";
import { isAsDeclared } from "../../../cli/lib/cluster/compare.ts";
import { lookAtCluster } from "../../../cli/lib/cluster/look.ts";
import { reportText } from "../../../cli/lib/cluster/report-text.ts";
import { restoreCluster } from "../../../cli/lib/cluster/restore.ts";
import { findSnapshot, takeSnapshot } from "../../../cli/lib/cluster/snapshots.ts";
import { aServer, assertConverged, node, starts, write, written } from "../../kits/site/cluster-state.ts";
import { patience } from "../../kits/k3s/k3s.ts";
import { deployed } from "./deployed.ts";
import { renews } from "./maintenance-runs.ts";
import { full, requireScenarios } from "../../kits/site/requirements.ts";
import type { RestoreTask } from "./restore-process.ts";
import { atStep } from "./steps.ts";
import { TestSite, versions } from "../../kits/site/test-site.ts";

describe("a cluster that is snapshotted and restored", function () {
  this.timeout(240_000);
  let site: TestSite;
  let snapshot: string;

  before(async function () {
    requireScenarios(this);
    site = await TestSite.create({
      nodes: ["server-1", "server-2", "server-3", "agent-1"],
      settings: { waitSeconds: 30 * patience },
    });
    await site.goesUp();
  });
  after(async () => {
    await (site as TestSite | undefined)?.destroy();
  });

  it("is as declared after `up`, and the status tells what is not", async () => {
    const cluster = await deployed(site);
    const well = await lookAtCluster(cluster);
    assert.deepEqual(well.nodes.flatMap(({ drift }) => drift).concat(well.drift), []);
    assert.equal(well.voters, 3);
    assert.ok(well.nodes.every(({ certificateDays }) => certificateDays !== null && certificateDays > 300));

    await site.host("agent-1").ok("echo 'debug: true' >>/etc/rancher/k3s/config.yaml");
    // By both names: k3s' cloud controller would set the newer one back to the older.
    const zones = "topology.kubernetes.io/zone- failure-domain.beta.kubernetes.io/zone-";
    await aServer(site).ok(`k3s kubectl label node agent-1 ${zones}`);
    await site.host("server-3").powerOff();
    const ill = await lookAtCluster(cluster);
    const driftOf = (name: string): string => ill.nodes.find(({ node }) => node === name)?.drift.join("\n") ?? "";
    assert.match(driftOf("agent-1"), /config\.yaml differs\nlabel topology\.kubernetes\.io\/zone is missing/);
    assert.match(driftOf("server-3"), /^cannot be reached: /);
    assert.equal(driftOf("server-1"), "");
    assert.equal(isAsDeclared(ill), false);

    await site.host("server-3").powerOn();
    // What the status says to do: no stack file changed, so a plain `up` would leave the host alone.
    assert.match(reportText(ill), /pulumi up --stack SITE --replace '\*\*::SITE-k3s-NODE'/);
    await site.goesUp({ replace: "**::site-a-k3s-agent-1" });
    await site.goesUp({ replace: "**::site-a-k3s-membership" });
    await assertConverged(site);
    assert.deepEqual(
      (await lookAtCluster(cluster)).nodes.flatMap(({ drift }) => drift),
      [],
    );
  });

  it("takes a snapshot on the first server that answers, and says its whole name", async () => {
    await write(aServer(site), "before-the-snapshot");
    snapshot = await takeSnapshot(await deployed(site), "keep");
    assert.match(snapshot, /^keep-server-1-/);
  });

  it("refuses a snapshot that is not there, before anything is changed", async () => {
    const before = await starts(site);
    await assert.rejects(
      findSnapshot(await deployed(site), "kept"),
      /There is no snapshot "kept" on the servers' disks/,
    );
    assert.deepEqual(await starts(site), before);
  });

  it("goes back: what was acknowledged before the snapshot is there, all servers vote, the agent starts once", async () => {
    await write(aServer(site), "after-the-snapshot");
    const agentStarts = (await starts(site))["agent-1"];
    const cluster = await deployed(site);
    const said: string[] = [];
    await restoreCluster(cluster, {
      snapshot: await findSnapshot(cluster, "latest"),
      attempt: "first",
      say: (line) => said.push(line),
    });
    await assertConverged(site);
    assert.deepEqual(await written(site.host("server-3")), ["before-the-snapshot"]);
    assert.equal((await starts(site))["agent-1"], Number(agentStarts) + 1);
    assert.deepEqual(
      said.filter((line) => /^\d\/\d /.test(line)),
      [
        "1/7 make ready: server-1, make ready: server-2, make ready: server-3",
        "2/7 stop: server-2, stop: server-3",
        "3/7 restore: server-1",
        "4/7 forget replaced machines: server-1",
        "5/7 rejoin: server-2",
        "6/7 rejoin: server-3",
        "7/7 start anew: agent-1",
      ],
    );
    const run = await site.goesUp();
    assert.deepEqual(changed(run.done), []);
  });

  it("goes on with a restore that was interrupted, and restores only once", async () => {
    await write(aServer(site), "after-the-first-restore");
    const cluster = await deployed(site);
    const restore = {
      snapshot: await findSnapshot(cluster, snapshot),
      attempt: "second",
      say: () => undefined,
    };
    const step = "wait until the node is Ready and an etcd voter";
    const died = atStep(site.host("server-2"), scripts.installServer, step).then(() =>
      site.host("server-2").powerOff(),
    );
    await assert.rejects(restoreCluster(cluster, restore));
    await died;
    await write(site.host("server-1"), "since-the-second-restore");
    await site.host("server-2").powerOn();
    const said: string[] = [];
    await restoreCluster(cluster, { ...restore, say: (line) => said.push(line) });
    assert.match(said.join("\n"), /was put back here by this restore at 20[-0-9]+ [:0-9]+ UTC: not done again/);
    await assertConverged(site);
    assert.deepEqual(await written(aServer(site)), ["before-the-snapshot", "since-the-second-restore"]);
  });

  // Seven stages, as the test above has them.
  for (const stage of full ? [1, 2, 3, 4, 5, 6] : [3]) {
    it(`goes on with a restore that was killed when stage ${String(stage)} was done`, async () => {
      const cluster = await deployed(site);
      const before = await written(aServer(site));
      await write(aServer(site), `to-be-lost-${String(stage)}`);
      const task = { cluster, snapshot: await findSnapshot(cluster, snapshot), attempt: `killed-${String(stage)}` };
      await killedAfterStage(stage, task);
      // The power fails where a server has stopped and not joined yet: it must wait, and start nothing of its own.
      if (stage >= 2 && stage <= 4) {
        await site.host("server-3").powerCycle();
        assert.equal((await site.host("server-3").run("systemctl is-active k3s")).stdout.trim(), "inactive");
        // Nor does anybody else start it, who knows nothing of the restore.
        const refusal = new RegExp(`the restore ${task.attempt} began on server-3 and has not ended`);
        assert.match((await site.up({ replace: "**::site-a-k3s-server-3" })).text, refusal);
        await assert.rejects(renews(cluster, "server-3"), refusal);
        assert.equal((await site.host("server-3").run("systemctl is-active k3s")).stdout.trim(), "inactive");
      }
      await restoreCluster(cluster, { ...task, say: () => undefined });
      await assertConverged(site);
      assert.deepEqual(await written(aServer(site)), ["before-the-snapshot"], before.join(", "));
    });
  }

  it("names a server that cannot be reached, before anything is stopped", async () => {
    const cluster = await deployed(site);
    const found = await findSnapshot(cluster, snapshot);
    const before = await starts(site);
    await site.host("server-3").cutLink();
    const restore = { snapshot: found, attempt: "cut", say: () => undefined };
    await assert.rejects(restoreCluster(cluster, restore), /^UserError: server-3 cannot be reached over SSH: /);
    await site.host("server-3").restoreLink();
    await assertConverged(site);
    assert.deepEqual(await starts(site), before);
  });

  it("comes back when most of its servers are lost with their disks", async () => {
    await write(aServer(site), "since-the-last-restore");
    const taken = await takeSnapshot(await deployed(site), "last");
    await site.replace("server-2");
    await site.replace("server-3");
    // etcd has no majority: no member can join, and the run says so.
    await site.refuses();
    const cluster = await deployed(site);
    await restoreCluster(cluster, {
      snapshot: await findSnapshot(cluster, taken),
      attempt: "third",
      say: () => undefined,
    });
    await site.goesUp();
    await assertConverged(site);
    assert.deepEqual(await written(site.host("server-2")), ["before-the-snapshot", "since-the-last-restore"]);
  });

  it("goes back to the version before an upgrade, and stops nobody where that is not to be had", async () => {
    const kept = await written(aServer(site));
    site.version(versions.next);
    await site.goesUp();
    await write(aServer(site), "since-the-upgrade");
    site.version(versions.first);
    assert.match(await site.refuses(), /k3s cannot go back: declare v1\.35\.1\+k3s1 or newer, or restore a snapshot/);

    const cluster = await deployed(site);
    const found = await findSnapshot(cluster, "latest");
    assert.match(found.name, /^before-v1\.35\.1-k3s1-server-1-/);
    const restore = { snapshot: found, attempt: "back", say: () => undefined };
    const before = await starts(site);
    const binary = `/srv/k3s/${versions.first}/k3s`;
    // What the look before that `up` has got lies there, too.
    await site.host("server-2").ok(`mv ${binary} ${binary}.away; rm /var/lib/isthmus/release/k3s`);
    const refusal = /ready-to-restore\.sh failed on server-2:.*\/k3s is not on this host/s;
    await assert.rejects(restoreCluster(cluster, restore), refusal);
    assert.deepEqual(await starts(site), before);
    await site.host("server-2").ok(`mv ${binary}.away ${binary}`);

    await restoreCluster(cluster, restore);
    await site.goesUp();
    await assertConverged(site);
    for (const { name } of site.file.nodes) {
      assert.equal((await node(site, name)).status.nodeInfo.kubeletVersion, versions.first, name);
    }
    assert.deepEqual(await written(aServer(site)), kept);
  });
});

/** SIGKILL, as soon as it says that the next stage begins. What runs on hosts by then goes on there. */
async function killedAfterStage(stage: number, task: RestoreTask): Promise<void> {
  const child = execa(process.execPath, ["--import", "tsx", join(import.meta.dirname, "restore-process.ts")], {
    input: JSON.stringify(task),
    reject: false,
    buffer: false,
    stdout: "pipe",
  });
  let said = "";
  for await (const line of child.iterable()) {
    said += `${line}\n`;
    if (line.startsWith(`${String(stage + 1)}/`)) child.kill("SIGKILL");
  }
  assert.equal((await child).signal, "SIGKILL", said);
}
