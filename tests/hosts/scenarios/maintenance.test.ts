/**
 * What `npm run update-os` and `rotate-certificates` do: real SSH and scripts, the hosts' own apt, reboots. Faults at every step
 * of theirs are in fault-matrix-verbs.test.ts.
 */
import assert from "node:assert/strict";

import { lookAtCluster } from "../../../cli/lib/cluster/look.ts";
import { describeOsUpdate, lookForOsUpdates, updateOs } from "../../../cli/lib/cluster/update-os.ts";
import { aServer, node, write } from "../../kits/site/cluster-state.ts";
import { goesThrough, killedAt, lastStart } from "./maintenance-runs.ts";
import { bootId, boots, configuration, installations, installedRelease, publish, requireApt } from "./packages.ts";
import { requireScenarios } from "../../kits/site/requirements.ts";

import { byCertificates } from "./maintenance-by-certificates.ts";
import { byTwoPeople } from "./maintenance-by-two.ts";
import { asked, MaintainedSite, names } from "./maintained-site.ts";

describe("a cluster whose hosts are maintained", function () {
  this.timeout(300_000);
  let created: MaintainedSite;
  const maintained = (): MaintainedSite => created;

  before(async function () {
    requireScenarios(this);
    requireApt(this);
    created = await MaintainedSite.create();
  });
  after(async () => {
    await (created as MaintainedSite | undefined)?.site.destroy();
  });

  describe("by updates of their systems", () => {
    it("leaves hosts alone that wait for nothing", async () => {
      const before = await maintained().everyBoot();
      const looked = await lookForOsUpdates(maintained().cluster);
      assert.equal(
        describeOsUpdate(maintained().cluster, looked, asked),
        [
          "server-1  nothing to do",
          "server-2  nothing to do",
          "server-3  nothing to do",
          "agent-1   nothing to do",
        ].join("\n"),
      );
      assert.deepEqual((await maintained().updates()).lines, []);
      assert.deepEqual(await maintained().everyBoot(), before);
    });

    it("tells what each host waits for, and changes nothing", async () => {
      await maintained().publishOn(names, { reboot: true });
      const looked = await lookForOsUpdates(maintained().cluster);
      const line = "1 package (isthmus-probe); a reboot if they ask for one";
      assert.equal(
        describeOsUpdate(maintained().cluster, looked, asked),
        [`server-1  ${line}`, `server-2  ${line}`, `server-3  ${line}`, `agent-1   ${line}`].join("\n"),
      );
      await maintained().everyHost(async (name) => {
        assert.equal(await installedRelease(maintained().site.host(name)), "1");
      });
    });

    it("updates and reboots one host at a time, servers first; what a person set stays", async () => {
      await aServer(maintained().site).ok("k3s kubectl cordon agent-1");
      await maintained().site.host("server-2").ok(`echo mine >${configuration}`);
      const before = await maintained().everyBoot();
      const { lines, away } = await maintained().updates();
      assert.deepEqual(
        lines.filter((line) => /\] (cordon|drain|update packages|reboot|is back in service)$/.test(line)),
        names.flatMap((name) =>
          ["cordon", "drain", "update packages", "reboot", "is back in service"].map((what) => `[${name}] ${what}`),
        ),
      );
      await maintained().everyHost(async (name) => {
        const host = maintained().site.host(name);
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
      assert.equal(await maintained().site.host("server-2").ok(`cat ${configuration}`), "mine\n");
      assert.equal((await node(maintained().site, "agent-1")).spec.unschedulable, true);
      await aServer(maintained().site).ok("k3s kubectl uncordon agent-1");
      await maintained().isWhole();
      assert.deepEqual((await maintained().updates()).lines, []);
    });

    it("refuses a server while another one is down, and says which one to bring back", async () => {
      await maintained().publishOn(["server-1"]);
      const stale = await lookForOsUpdates(maintained().cluster);
      await maintained().site.host("server-3").powerOff();
      const refusal =
        /server-1 is left as it is: 1 of 3 voters would be left.*Bring server-3 \(cannot be reached.*\) back first/;
      await assert.rejects(maintained().updates(), refusal);
      // A run that looked before it went down is stopped by the host itself.
      await assert.rejects(
        updateOs(maintained().cluster, {
          looked: stale,
          request: asked,
          manner: { say: () => undefined, rebootSeconds: 60 },
        }),
        /make-way\.sh failed on server-1: .*would leave 1 of 3 voters: no majority/,
      );
      assert.notEqual((await node(maintained().site, "server-1")).spec.unschedulable, true);
      assert.notEqual(await installedRelease(maintained().site.host("server-1")), String(maintained().release));
      await maintained().site.host("server-3").powerOn();
      await maintained().isWhole();
    });

    it("leaves a host out whose apt fails, with that cause, and updates the others: it votes all the same", async () => {
      await maintained().publishOn(["server-1"]);
      const list = "/etc/apt/sources.list.d/away.list";
      await maintained().site.host("server-2").put(list, "deb file:/srv/no-such-mirror ./\n");
      await assert.rejects(
        maintained().updates(),
        /^UserError: These were left out; run again when they answer:\n {2}server-2: its lists of packages could not be refreshed, as apt-get update has to \(E: .*no-such-mirror/,
      );
      assert.equal(await installedRelease(maintained().site.host("server-1")), String(maintained().release));
      await maintained().site.host("server-2").ok(`rm ${list}`);
      await maintained().isWhole();
    });

    it("stops at a host whose packages fail, with the cause, and goes on when they are fixed", async () => {
      await maintained().publishOn(["server-3"]);
      const before = await installedRelease(maintained().site.host("server-3"));
      await publish(maintained().site.host("server-2"), { version: String(++maintained().release), broken: true });
      await assert.rejects(
        maintained().updates(),
        /^UserError: update-os\.sh failed on server-2: .*\(dpkg: error processing package isthmus-probe \(--configure\)\)/,
      );
      // It was server-1's turn before, and its update waited from the last scenario.
      assert.equal(await installedRelease(maintained().site.host("server-1")), String(maintained().release - 2));
      assert.equal(await installedRelease(maintained().site.host("server-3")), before);
      assert.equal((await node(maintained().site, "server-2")).spec.unschedulable, true);
      const status = await lookAtCluster(maintained().cluster);
      assert.deepEqual(
        status.nodes.map(({ drift }) => drift.map((words) => words.split(":")[0])),
        [[], ["is cordoned by a run that did not end"], [], []],
      );
      await publish(maintained().site.host("server-2"), { version: String(++maintained().release) });
      await maintained().updates();
      assert.deepEqual(await maintained().installedOn("server-2", "server-3"), [
        maintained().release,
        maintained().release - 2,
      ]);
      await maintained().isWhole();
    });

    it("stops when a host dies midway, and goes on when it is back", async () => {
      await maintained().publishOn(["server-2", "server-3"], { reboot: true });
      const before = await maintained().everyBoot();
      const failing = maintained().updates({}, async (line) => {
        if (line === "[server-2] update packages") await maintained().site.host("server-2").powerOff();
      });
      await assert.rejects(failing, /server-2 (was lost while update-os\.sh ran there|cannot be reached)/);
      assert.equal(await bootId(maintained().site.host("server-3")), before["server-3"]);
      await maintained().site.host("server-2").powerOn();
      await maintained().updates();
      assert.deepEqual(await maintained().installedOn("server-2", "server-3"), [
        maintained().release,
        maintained().release,
      ]);
      await maintained().isWhole();
    });

    for (const step of ["update packages", "reboot"]) {
      it(`goes on after a kill at: ${step}`, async () => {
        const host = maintained().site.host("server-2");
        await publish(host, { version: String(++maintained().release), reboot: true });
        const before = await boots(host);
        await write(maintained().site.host("server-1"), `before-${step.replaceAll(" ", "-")}`);
        await killedAt(`[server-2] ${step}`, { cluster: maintained().cluster, update: asked });
        await goesThrough(() => maintained().updates());
        assert.equal(await installedRelease(host), String(maintained().release));
        assert.equal((await boots(host)) - before, 1, "one reboot");
        await maintained().isWhole();
        assert.deepEqual((await maintained().updates()).lines, []);
      });
    }
  });

  describe("by two people at the same moment", () => {
    byTwoPeople(maintained);
  });

  describe("by new certificates", () => {
    byCertificates(maintained);
  });
});
