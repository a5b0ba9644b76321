/** What verbs do to a cluster: updates of hosts, new certificates, restores. Their steps are read from the scripts. */
import assert from "node:assert/strict";

import { scripts } from "@isthmus/k3s";
import type { Script } from "@isthmus/remote/script";
import { lookAtAllCertificates } from "../../../cli/lib/cluster/rotate-certificates.ts";
import { findSnapshot, takeSnapshot } from "../../../cli/lib/cluster/snapshots.ts";
import { aServer, assertConverged, write, written } from "../../kits/site/cluster-state.ts";
import { deployed } from "./deployed.ts";
import { boots, installedRelease, installProbe, publish } from "./packages.ts";
import { allStepsOf } from "./steps.ts";
import type { TestSite } from "../../kits/site/test-site.ts";

export interface Verb {
  readonly name: string;
  readonly nodes: readonly string[];
  /** The process that does it. */
  readonly program: "maintenance-process.ts" | "restore-process.ts";
  /** Whether it tells each step of a host as it begins. One that does not is held there: what is held must not reboot. */
  readonly tells: boolean;
  /** What it runs on which node, and the steps that it does not take here. */
  readonly work: readonly {
    readonly on: string;
    readonly scripts: readonly Script[];
    readonly skips: readonly string[];
  }[];
  /** Once, when the cluster is there. */
  prepare(site: TestSite): Promise<void>;
  /** What is asked for, each time; `time` differs from one to the next. */
  ask(site: TestSite, time: number): Promise<Asked>;
}

export interface Asked {
  /** For the process, as JSON. */
  readonly task: object;
  /** How often it starts k3s on each node. */
  readonly starts: Readonly<Record<string, number>>;
  /** Whether what the API acknowledged meanwhile has to be there afterwards. */
  readonly keepsWrites: boolean;
  /** What has to be true in the end, but for what is true of every cluster; `deaths`: how often the host died meanwhile. */
  holds(deaths: number): Promise<void>;
}

const drains = ["cordon", "drain"];
const kept = "before-the-snapshot";
let snapshot = "";

export const verbs: readonly Verb[] = [
  {
    name: "an update of a host",
    nodes: ["server-1", "server-2", "server-3"],
    program: "maintenance-process.ts",
    tells: true,
    work: [
      {
        on: "server-2",
        scripts: [scripts.makeWay, scripts.updateOs, scripts.rebootHost, scripts.returnToService],
        skips: [],
      },
    ],
    // All of them: one that keeps its own sources would be updated from there.
    prepare: async (site) => {
      await Promise.all(site.lab.hosts.map(installProbe));
    },
    ask: async (site, time) => {
      const host = site.host("server-2");
      const version = String(time + 1);
      await publish(host, { version, reboot: true });
      const before = await boots(host);
      return {
        task: { cluster: await deployed(site), update: { reboot: "when-required", since: 0 } },
        starts: { "server-2": 1 },
        keepsWrites: true,
        holds: async (deaths) => {
          assert.equal(await installedRelease(host), version);
          const count = (await boots(host)) - before;
          assert.ok(count >= 1 && count <= 1 + deaths, `${String(count)} boots`);
        },
      };
    },
  },
  {
    name: "new certificates",
    nodes: ["server-1", "server-2", "server-3"],
    program: "maintenance-process.ts",
    tells: true,
    work: [{ on: "server-2", scripts: [scripts.rotateCertificates], skips: [] }],
    prepare: () => Promise.resolve(),
    ask: async (site) => {
      await olderCertificates(site, "server-2");
      const cluster = await deployed(site);
      return {
        task: { cluster, rotation: { olderThanDays: 1 } },
        starts: { "server-2": 1 },
        keepsWrites: true,
        holds: async () => {
          const found = await lookAtAllCertificates(cluster);
          assert.deepEqual(found["server-2"], { days: 364, rotating: false, well: true });
        },
      };
    },
  },
  {
    name: "a restore",
    nodes: ["server-1", "server-2", "agent-1"],
    program: "restore-process.ts",
    tells: false,
    work: [
      {
        on: "server-1",
        scripts: [scripts.restore, scripts.admission],
        skips: [
          ...drains,
          "see that a majority of voters stays",
          "rotate the token of the snapshot to that of today",
          "drain *",
          "remove *",
        ],
      },
      {
        on: "server-2",
        scripts: [scripts.leave, scripts.installServer],
        skips: [
          ...drains,
          "see that a majority of voters stays",
          "take a snapshot before the upgrade",
          "wait until etcd has the new token here",
        ],
      },
      { on: "agent-1", scripts: [scripts.restartAgent], skips: ["see that a majority of voters stays"] },
    ],
    prepare: async (site) => {
      await write(aServer(site), kept);
      snapshot = await takeSnapshot(await deployed(site), "keep");
    },
    ask: async (site, time) => {
      await write(aServer(site), `after-it-${String(time)}`);
      const cluster = await deployed(site);
      return {
        task: { cluster, snapshot: await findSnapshot(cluster, snapshot), attempt: `of-time-${String(time)}` },
        starts: { "server-1": 1, "server-2": 1, "agent-1": 1 },
        keepsWrites: false,
        holds: async () => {
          assert.deepEqual(await written(aServer(site)), [kept]);
        },
      };
    },
  },
];

const olderThanADay = 200;

async function olderCertificates(site: TestSite, name: string): Promise<void> {
  const host = site.host(name);
  await host.put("/etc/default/k3s", `CATTLE_NEW_SIGNED_CERT_EXPIRATION_DAYS=${String(olderThanADay)}\n`);
  await host.ok("systemctl stop k3s; k3s certificate rotate; systemctl start k3s; rm /etc/default/k3s");
  await assertConverged(site);
}

/** Every step of every script of the verb, with the node on which it is taken. */
export function stepsOfVerb({ work }: Verb): readonly { readonly on: string; readonly step: string }[] {
  return work.flatMap(({ on, scripts: some, skips }) => {
    const steps = new Set(some.flatMap((script) => allStepsOf(script)));
    return [...steps].filter((step) => !skips.includes(step)).map((step) => ({ on, step }));
  });
}
