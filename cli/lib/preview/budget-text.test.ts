import assert from "node:assert/strict";
import type { DiskBudget, SiteBudget, SiteDisks, Unplaced } from "@isthmus/availability";
import { join } from "node:path";
import { load } from "../../../config/load.ts";
import { catalogue } from "../../../plan/catalogue.ts";
import { planFleet } from "../../../plan/fleet.ts";
import { diskTable, fullest, roomWarnings, snapshotNotes } from "./budget-text.ts";

const gib = 1024;
const disk = (node: string, asked: number): DiskBudget => ({
  site: "site-a",
  node,
  mountPath: "/var/lib/longhorn",
  capacity: 500 * gib,
  forVolumes: 343 * gib,
  asked: asked * gib,
  uses: [
    {
      service: "site-a/minio",
      workload: "server",
      what: "a drive of the erasure set, one of 2 of each server",
      volumes: 2,
      size: asked * gib,
    },
  ],
});
const lost = (host: string, because: Unplaced["because"]): SiteDisks["afterLossOf"][number] => ({
  host,
  unplaced: [
    { service: "site-a/cloudnative-pg", workload: "cluster-main", what: "data", copies: 2, size: 20 * gib, because },
  ],
});
const volumes = (over: Partial<SiteDisks> = {}): SiteDisks => ({
  site: "site-a",
  notStated: [],
  unplaced: [],
  afterLossOf: [],
  ...over,
});

const budgets = (over: Partial<SiteDisks> = {}, afterLossOf: SiteBudget["afterLossOf"] = []) => ({
  site: { afterLossOf } as SiteBudget,
  nodes: [],
  disks: [disk("one", 171.5), disk("two", 343)],
  volumes: volumes(over),
});

describe("disks in the preview", () => {
  it("have a bar each, with what takes the most", () => {
    assert.deepEqual(diskTable(budgets().disks, { columns: 100 }), [
      "  one  /var/lib/longhorn  171.5 GiB of 343 GiB  █████░░░░░  minio 171.5 GiB",
      "  two  /var/lib/longhorn  343 GiB of 343 GiB    ██████████  minio 343 GiB",
    ]);
    assert.deepEqual(fullest(budgets()), ["disks: at most 343 GiB of 343 GiB for volumes a node"]);
  });

  it("say which lost copies find no room, once for all hosts of which it is true; not those that no node may have", () => {
    const after = [lost("h1", "no room"), lost("h2", "no room"), lost("h3", "no node may have it")];
    assert.deepEqual(roomWarnings(budgets({ afterLossOf: after }), undefined), [
      "Without h1 or h2 lost copies of volumes find no room on the other disks: cloudnative-pg's cluster-main 40 GiB. Until it is back one copy less is left.",
    ]);
  });

  it("say what is not judged, and nothing where there is nothing", () => {
    assert.deepEqual(roomWarnings(budgets(), undefined), []);
    assert.match(roomWarnings(budgets({ notStated: ["pc"] }), undefined).join("\n"), /^Not judged: .* for pc /);
  });

  it("name the keys that make room, and how large etcd's snapshots may be on the servers' root disks", () => {
    const loaded = load(join(import.meta.dirname, "../../.."), catalogue);
    assert.ok("model" in loaded);
    const [plan] = planFleet(loaded.model).sites;
    assert.ok(plan);
    assert.match(
      roomWarnings({ ...budgets({ afterLossOf: [lost("h1", "no room")] }), disks: [disk("one", 300)] }, plan).join(
        "\n",
      ),
      /less of services\.minio\.size or drivesPerMember \(300 GiB\); or keep fewer copies: services\.longhorn\.replicas\./,
    );
    assert.match(
      snapshotNotes(plan).join("\n"),
      /^Each server: room for 28 snapshots of etcd \(kubernetes\.snapshots\.retention\) of up to 1\.1 GiB each/,
    );
  });
});

describe("room in the preview", () => {
  const vault = {
    service: "site-a/vault",
    workload: "server",
    members: 1,
    of: 3,
    because: "no node may have it",
    why: "taint x:NoSchedule (2 nodes)",
  } as const;
  const db = {
    ...vault,
    service: "site-a/db",
    workload: "main",
    members: 2,
    because: "no room",
    why: "it lacks 1 GiB",
  } as const;

  it("says who finds no other node and why, once for all hosts of which it is true", () => {
    const after = [
      { host: "h1", unschedulable: [vault] },
      { host: "h2", unschedulable: [vault, db] },
      { host: "h3", unschedulable: [vault] },
    ];
    assert.deepEqual(roomWarnings(budgets({}, after), undefined), [
      "Without h1 or h3 1 of the 3 members of vault's server finds no other node: taint x:NoSchedule (2 nodes).",
      "Without h2 1 of the 3 members of vault's server finds no other node: taint x:NoSchedule (2 nodes). 2 of the 3 members of db's main find no room: it lacks 1 GiB.",
    ]);
    assert.match(
      roomWarnings(
        budgets(
          {},
          after.map(({ host }) => ({ host, unschedulable: [db] })),
        ),
        undefined,
      ).join(),
      /^Without any one host 2 of the 3 members of db's main find no room/,
    );
  });
});
