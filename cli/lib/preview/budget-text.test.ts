import assert from "node:assert/strict";
import type { DiskBudget, SiteDisks, Unplaced } from "@isthmus/availability";
import { join } from "node:path";
import { load } from "../../../config/load.ts";
import { catalogue } from "../../../plan/catalogue.ts";
import { planFleet } from "../../../plan/fleet.ts";
import { diskLines } from "./budget-text.ts";

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

describe("disks in the preview", () => {
  it("have a bar each, with what takes the most", () => {
    const lines = diskLines(
      { site: {} as never, nodes: [], disks: [disk("one", 171.5), disk("two", 343)], volumes: volumes() },
      undefined,
    );
    assert.deepEqual(lines, [
      "\nVolumes on the disks of each node",
      "  one  /var/lib/longhorn  171.5 GiB of 343 GiB  █████░░░░░  minio 171.5 GiB\n  two  /var/lib/longhorn  343 GiB of 343 GiB    ██████████  minio 343 GiB",
    ]);
  });

  it("say which lost copies find no room, once for all hosts of which it is true; not those that no node may have", () => {
    const after = [lost("h1", "no room"), lost("h2", "no room"), lost("h3", "no node may have it")];
    const [, , line, ...more] = diskLines(
      { site: {} as never, nodes: [], disks: [disk("one", 343)], volumes: volumes({ afterLossOf: after }) },
      undefined,
    );
    assert.deepEqual(more, []);
    assert.equal(
      line,
      "  Without h1 or h2 lost copies of volumes find no room on the other disks: cloudnative-pg's cluster-main 40 GiB. Until it is back one copy less is left.",
    );
  });

  it("say what is not judged, and nothing where there is nothing", () => {
    const empty = { site: {} as never, nodes: [], disks: [] };
    assert.deepEqual(diskLines({ ...empty, volumes: volumes() }, undefined), []);
    assert.match(
      diskLines({ ...empty, volumes: volumes({ notStated: ["pc"] }) }, undefined).join("\n"),
      /Not judged: .* for pc /,
    );
  });

  it("name the keys that make room, and how large etcd's snapshots may be on the servers' root disks", () => {
    const loaded = load(join(import.meta.dirname, "../../.."), catalogue);
    assert.ok("model" in loaded);
    const [plan] = planFleet(loaded.model).sites;
    const disks = [disk("one", 300)];
    const text = diskLines(
      { site: {} as never, nodes: [], disks, volumes: volumes({ afterLossOf: [lost("h1", "no room")] }) },
      plan,
    ).join("\n");
    assert.match(
      text,
      /less of services\.minio\.size or drivesPerMember \(300 GiB\); or keep fewer copies: services\.longhorn\.replicas\./,
    );
    assert.match(
      text,
      /k3s-a-server-1, k3s-a-server-2, k3s-a-server-3: room for 28 snapshots of etcd \(kubernetes\.snapshots\.retention\) of up to 1\.1 GiB each/,
    );
  });
});
