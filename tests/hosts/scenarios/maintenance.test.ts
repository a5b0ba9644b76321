/**
 * What `npm run update-os` and `rotate-certificates` do: real SSH and scripts, the hosts' own apt, reboots. Faults at every step
 * of theirs are in fault-matrix-verbs.test.ts.
 */
import assert from "node:assert/strict";

import type { RotationRequest, UpdateRequest } from "@isthmus/k3s";
import { changed } from "../../kits/engine/harness.ts";
import type { DeployedCluster } from "../../../cli/lib/cluster/deployed.ts";
import { tryKubeconfig } from "../../../cli/lib/cluster/kubeconfig.ts";
import { lookAtCluster } from "../../../cli/lib/cluster/look.ts";
import { lookAtAllCertificates, rotateCertificates } from "../../../cli/lib/cluster/rotate-certificates.ts";
import { describeOsUpdate, lookForOsUpdates, updateOs } from "../../../cli/lib/cluster/update-os.ts";
import { aServer, assertConverged, node, starts, write, written } from "../../kits/site/cluster-state.ts";
import { deployed } from "./deployed.ts";
import { goesThrough, killedAt, lastStart, renews } from "./maintenance-runs.ts";
import {
  bootId,
  boots,
  configuration,
  installations,
  installedRelease,
  installProbe,
  publish,
  requireApt,
} from "./packages.ts";
import { requireScenarios } from "../../kits/site/requirements.ts";
import { clusterName, TestSite } from "../../kits/site/test-site.ts";

const names = ["server-1", "server-2", "server-3", "agent-1"] as const;
const asked: UpdateRequest = { reboot: "when-required", since: 0 };
const daily: RotationRequest = { olderThanDays: 1 };

describe("a cluster whose hosts are maintained", function () {
  this.timeout(300_000);
  let site: TestSite;
  let cluster: DeployedCluster;
  let release = 1;

  before(async function () {
    requireScenarios(this);
    requireApt(this);
    site = await TestSite.create({ nodes: names, settings: { waitSeconds: 60 } });
    await everyHost(async (name) => {
      // Certificates that are a few months old.
      await site.host(name).put("/etc/default/k3s", "CATTLE_NEW_SIGNED_CERT_EXPIRATION_DAYS=200\n");
      await installProbe(site.host(name));
    });
    await site.goesUp();
    cluster = await deployed(site);
    await write(aServer(site), "before-maintenance");
  });
  after(async () => {
    await (site as TestSite | undefined)?.destroy();
  });

  describe("by updates of their systems", () => {
    it("leaves hosts alone that wait for nothing", async () => {
      const before = await everyBoot();
      const looked = await lookForOsUpdates(cluster);
      assert.equal(
        describeOsUpdate(cluster, looked, asked),
        [
          "server-1  nothing to do",
          "server-2  nothing to do",
          "server-3  nothing to do",
          "agent-1   nothing to do",
        ].join("\n"),
      );
      assert.deepEqual((await updates()).lines, []);
      assert.deepEqual(await everyBoot(), before);
    });

    it("tells what each host waits for, and changes nothing", async () => {
      await publishOn(names, { reboot: true });
      const looked = await lookForOsUpdates(cluster);
      const line = "1 package (isthmus-probe); a reboot if they ask for one";
      assert.equal(
        describeOsUpdate(cluster, looked, asked),
        [`server-1  ${line}`, `server-2  ${line}`, `server-3  ${line}`, `agent-1   ${line}`].join("\n"),
      );
      await everyHost(async (name) => {
        assert.equal(await installedRelease(site.host(name)), "1");
      });
    });

    it("updates and reboots one host at a time, servers first; what a person set stays", async () => {
      await aServer(site).ok("k3s kubectl cordon agent-1");
      await site.host("server-2").ok(`echo mine >${configuration}`);
      const before = await everyBoot();
      const { lines, away } = await updates();
      assert.deepEqual(
        lines.filter((line) => /\] (cordon|drain|update packages|reboot|is back in service)$/.test(line)),
        names.flatMap((name) =>
          ["cordon", "drain", "update packages", "reboot", "is back in service"].map((what) => `[${name}] ${what}`),
        ),
      );
      await everyHost(async (name) => {
        const host = site.host(name);
        assert.equal(await installedRelease(host), "2");
        assert.notEqual(await bootId(host), before[name]);
        // By the host's own record: installed, and k3s started, within its own turn.
        const [begin = 0, end = 0] = away[name] ?? [];
        const moments = [...(await installations(host)).map(({ at }) => at), await lastStart(host)];
        for (const at of moments) assert.ok(begin <= at && at <= end, `${name}: ${begin} ${at} ${end}`);
      });
      const turns = names.map((name) => away[name] ?? []);
      for (const [index, turn] of turns.slice(1).entries()) {
        assert.ok((turns[index]?.[1] ?? Infinity) <= (turn[0] ?? 0), JSON.stringify(turns));
      }
      assert.equal(await site.host("server-2").ok(`cat ${configuration}`), "mine\n");
      assert.equal((await node(site, "agent-1")).spec.unschedulable, true);
      await aServer(site).ok("k3s kubectl uncordon agent-1");
      await isWhole();
      assert.deepEqual((await updates()).lines, []);
    });

    it("refuses a server while another one is down, and says which one to bring back", async () => {
      await publishOn(["server-1"]);
      const stale = await lookForOsUpdates(cluster);
      await site.host("server-3").powerOff();
      const refusal =
        /server-1 is left as it is: 1 of 3 voters would be left.*Bring server-3 \(cannot be reached.*\) back first/;
      await assert.rejects(updates(), refusal);
      // A run that looked before it went down is stopped by the host itself.
      await assert.rejects(
        updateOs(cluster, { looked: stale, request: asked, manner: { say: () => undefined, rebootSeconds: 60 } }),
        /make-way\.sh failed on server-1: .*would leave 1 of 3 voters: no majority/,
      );
      assert.notEqual((await node(site, "server-1")).spec.unschedulable, true);
      assert.notEqual(await installedRelease(site.host("server-1")), String(release));
      await site.host("server-3").powerOn();
      await isWhole();
    });

    it("leaves a host out whose apt fails, with that cause, and updates the others: it votes all the same", async () => {
      await publishOn(["server-1"]);
      const list = "/etc/apt/sources.list.d/away.list";
      await site.host("server-2").put(list, "deb file:/srv/no-such-mirror ./\n");
      await assert.rejects(
        updates(),
        /^UserError: These were left out; run again when they answer:\n {2}server-2: its lists of packages could not be refreshed, as apt-get update has to \(E: .*no-such-mirror/,
      );
      assert.equal(await installedRelease(site.host("server-1")), String(release));
      await site.host("server-2").ok(`rm ${list}`);
      await isWhole();
    });

    it("stops at a host whose packages fail, with the cause, and goes on when they are fixed", async () => {
      await publishOn(["server-3"]);
      const before = await installedRelease(site.host("server-3"));
      await publish(site.host("server-2"), { version: String(++release), broken: true });
      await assert.rejects(
        updates(),
        /^UserError: update-os\.sh failed on server-2: .*\(dpkg: error processing package isthmus-probe \(--configure\)\)/,
      );
      // It was server-1's turn before, and its update waited from the last scenario.
      assert.equal(await installedRelease(site.host("server-1")), String(release - 2));
      assert.equal(await installedRelease(site.host("server-3")), before);
      assert.equal((await node(site, "server-2")).spec.unschedulable, true);
      const status = await lookAtCluster(cluster);
      assert.deepEqual(
        status.nodes.map(({ drift }) => drift.map((words) => words.split(":")[0])),
        [[], ["is cordoned by a run that did not end"], [], []],
      );
      await publish(site.host("server-2"), { version: String(++release) });
      await updates();
      assert.equal(await installedRelease(site.host("server-2")), String(release));
      assert.equal(await installedRelease(site.host("server-3")), String(release - 2));
      await isWhole();
    });

    it("stops when a host dies midway, and goes on when it is back", async () => {
      await publishOn(["server-2", "server-3"], { reboot: true });
      const before = await everyBoot();
      const failing = updates({}, async (line) => {
        if (line === "[server-2] update packages") await site.host("server-2").powerOff();
      });
      await assert.rejects(failing, /server-2 (was lost while update-os\.sh ran there|cannot be reached)/);
      assert.equal(await bootId(site.host("server-3")), before["server-3"]);
      await site.host("server-2").powerOn();
      await updates();
      assert.equal(await installedRelease(site.host("server-2")), String(release));
      assert.equal(await installedRelease(site.host("server-3")), String(release));
      await isWhole();
    });

    for (const step of ["update packages", "reboot"]) {
      it(`goes on after a kill at: ${step}`, async () => {
        const host = site.host("server-2");
        await publish(host, { version: String(++release), reboot: true });
        const before = await boots(host);
        await write(site.host("server-1"), `before-${step.replaceAll(" ", "-")}`);
        await killedAt(`[server-2] ${step}`, { cluster, update: asked });
        await goesThrough(() => updates());
        assert.equal(await installedRelease(host), String(release));
        assert.equal((await boots(host)) - before, 1, "one reboot");
        await isWhole();
        assert.deepEqual((await updates()).lines, []);
      });
    }
  });

  describe("by two people at the same moment", () => {
    const lease = "k3s kubectl -n kube-system get lease isthmus-maintenance";
    const holder = async (): Promise<string> => await aServer(site).ok(`${lease} -o 'jsonpath={.spec.holderIdentity}'`);

    it("takes one server at a time: who comes second is told who is at work, where, and since when", async () => {
      await publishOn(["server-1"], { reboot: true });
      const before = await starts(site);
      let said = "";
      await updates({}, async (line) => {
        if (line !== "[server-1] update packages") return;
        assert.equal(await holder(), "server-1");
        said = await renews(cluster, "server-2").then(
          () => "nobody minded",
          (error: unknown) => String(error),
        );
      });
      assert.match(
        said,
        /because: server-1 is worked on since 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ \((make-way|update-os)\.sh from 10\.99\.\d+\.1\), and one server at a time may be away/,
      );
      assert.equal((await starts(site))["server-2"], before["server-2"]);
      assert.equal(await holder(), "", "it is given back");
      await isWhole();
    });

    it("restarts one server alone where two are told to at once", async () => {
      let refused: readonly string[] = [];
      // On a busy machine the first may have ended before the second begins.
      for (let tries = 0; refused.length === 0 && tries < 3; tries += 1) {
        const ended = await Promise.allSettled(["server-1", "server-2"].map(async (name) => renews(cluster, name)));
        refused = ended.flatMap((one) => (one.status === "rejected" ? [String(one.reason)] : []));
      }
      assert.equal(refused.length, 1, refused.join("\n"));
      assert.match(refused.join(), /because: server-[12] is worked on since/);
      assert.equal(await holder(), "");
      await isWhole();
    });

    it("goes on with what a run took that was killed, and lets others in when its time is over", async () => {
      await publishOn(["server-2"], { reboot: true });
      await killedAt("[server-2] update packages", { cluster, update: asked });
      await assert.rejects(renews(cluster, "server-1"), /because: server-2 is worked on since/);
      await goesThrough(() => updates());
      assert.equal(await holder(), "");

      const object = (renewed: Date) => ({
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata: { name: "isthmus-maintenance", namespace: "kube-system" },
        spec: {
          holderIdentity: "server-3",
          leaseDurationSeconds: 900,
          acquireTime: "2026-11-21T10:00:00.000000Z",
          renewTime: renewed.toISOString().replace("Z", "000Z"),
        },
      });
      const replace = { stdin: JSON.stringify(object(new Date(Date.now() - 800_000))) };
      await aServer(site).ok("k3s kubectl replace -f -", replace);
      await assert.rejects(renews(cluster, "server-1"), /server-3 is worked on since 2026-11-21T10:00:00Z \(by hand\)/);
      replace.stdin = JSON.stringify(object(new Date(Date.now() - 901_000)));
      await aServer(site).ok("k3s kubectl replace -f -", replace);
      await renews(cluster, "server-1");
      assert.equal(await holder(), "");
      await isWhole();
    });
  });

  describe("by new certificates", () => {
    before(async () => {
      await everyHost((name) => site.host(name).ok("rm /etc/default/k3s"));
    });

    it("refuses a server while another one is down", async () => {
      await site.host("server-3").powerOff();
      await assert.rejects(rotates(), /server-1 is left as it is: 1 of 3 voters would be left/);
      await site.host("server-3").powerOn();
      await isWhole();
    });

    it("goes on after a kill", async () => {
      const before = await starts(site);
      await killedAt("[server-2] renew certificates", { cluster, rotation: daily });
      const lines = await rotates();
      assert.deepEqual(
        lines.filter((line) => line.startsWith("[server-1]")),
        [],
        "server-1 was done",
      );
      const after = await starts(site);
      for (const name of names) assert.equal((after[name] ?? 0) - (before[name] ?? 0), 1, `${name} started once`);
      const ends = await lookAtAllCertificates(cluster);
      for (const [name, found] of Object.entries(ends)) assert.deepEqual(found, wellFor364, name);
      await isWhole();
    });

    it("does nothing when it is run again, and the kubeconfig that the stack keeps still works", async () => {
      const before = await starts(site);
      assert.deepEqual(await rotates(), []);
      assert.deepEqual(await starts(site), before);
      const { kubeconfig } = await site.stack.outputs({ secrets: true });
      const report = await tryKubeconfig(String(kubeconfig));
      assert.equal(report.refusal, undefined);
      assert.equal(report.days, 199);
    });

    it("has a kubeconfig that `up` reads anew when it ends soon, until k3s has a new one, and changes nothing else", async () => {
      const server = site.host("server-1");
      const kept = `${clusterName}-kubeconfig`;
      const changes = async () => {
        const run = await site.goesUp();
        return { names: changed(run.done).map(({ name }) => name), text: run.text };
      };
      const days = async () =>
        (await tryKubeconfig(String((await site.stack.outputs({ secrets: true }))["kubeconfig"]))).days;
      await server.put("/etc/default/k3s", "CATTLE_NEW_SIGNED_CERT_EXPIRATION_DAYS=20\n");
      await server.ok(
        "cd /var/lib/rancher/k3s/server/tls && systemctl stop k3s && rm client-admin.* && systemctl start k3s",
      );
      await isWhole();
      await site.goesUp({ replace: `**::${kept}` });
      assert.equal(await days(), 19);
      const waits = await changes();
      assert.deepEqual(waits.names, [kept]);
      assert.match(waits.text, /ends in 19 days, and so does k3s' own: npm run rotate-certificates -- /);
      const report = await lookAtCluster(await deployed(site));
      assert.match(report.drift.join("\n"), /the kubeconfig of \S+ ends in 19 days: pulumi up --stack/);

      await server.ok("rm /etc/default/k3s && systemctl restart k3s");
      await isWhole();
      assert.deepEqual((await changes()).names, [kept]);
      assert.equal(await days(), 364);
      assert.deepEqual((await changes()).names, []);
      assert.match((await lookAtCluster(await deployed(site))).kubeconfig ?? "", /ends in 364 days$/);
    });
  });

  const wellFor364 = { days: 364, rotating: false, well: true };

  // --- what a person runs --------------------------------------------------------------------------------------------

  async function updates(
    request: Partial<UpdateRequest> = {},
    onLine: (line: string) => Promise<void> = () => Promise.resolve(),
  ): Promise<{ readonly lines: readonly string[]; readonly away: Readonly<Record<string, readonly number[]>> }> {
    const lines: string[] = [];
    const away: Record<string, number[]> = {};
    const faults: Promise<void>[] = [];
    const say = (line: string): void => {
      lines.push(line);
      faults.push(onLine(line));
      const name = /^\[(.*?)\] (cordon|is back in service)/.exec(line)?.[1];
      if (name !== undefined) (away[name] ??= []).push(Date.now());
    };
    try {
      const looked = await lookForOsUpdates(cluster);
      await updateOs(cluster, { looked, request: { ...asked, ...request }, manner: { say, rebootSeconds: 60 } });
    } finally {
      await Promise.all(faults);
    }
    return { lines, away };
  }

  async function rotates(): Promise<readonly string[]> {
    const lines: string[] = [];
    const manner = { say: (line: string) => lines.push(line), rebootSeconds: 0 };
    await rotateCertificates(cluster, { looked: await lookAtAllCertificates(cluster), request: daily, manner });
    return lines;
  }

  // --- what the hosts are --------------------------------------------------------------------------------------------

  async function everyHost(work: (name: string) => Promise<unknown>): Promise<void> {
    await Promise.all(names.map(work));
  }

  /** A new release for these hosts alone. */
  async function publishOn(hosts: readonly string[], how: { readonly reboot?: boolean } = {}): Promise<void> {
    release += 1;
    await Promise.all(hosts.map((name) => publish(site.host(name), { version: String(release), ...how })));
  }

  async function everyBoot(): Promise<Readonly<Record<string, string>>> {
    return Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await bootId(site.host(name))] as const)),
    );
  }

  /** All are well, none is cordoned, and what was acknowledged is there. */
  async function isWhole(): Promise<void> {
    await assertConverged(site);
    assert.ok((await written(aServer(site))).includes("before-maintenance"));
  }
});
