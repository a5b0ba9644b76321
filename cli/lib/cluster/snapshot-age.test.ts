import assert from "node:assert/strict";
import { k3sSettings, planCluster, type ClusterPlan } from "@isthmus/k3s";
import {
  inWords,
  oldestAllowed,
  serverSnapshots,
  snapshotAges,
  snapshotDrift,
  type ServerSnapshots,
} from "./snapshot-age.ts";

const sum = "a".repeat(64);
const s3 = { endpoint: "s3.example.org", bucket: "etcd", folder: "site-a" };
function planOf(snapshots: Readonly<Record<string, unknown>>): ClusterPlan {
  const api = { kind: "external", address: "api.example.com" };
  const given = { version: "v1.34.3+k3s1", checksums: { installer: sum, amd64: { binary: sum } }, api, snapshots };
  return planCluster({ name: "site-a", nodes: [], settings: k3sSettings.parse(given) });
}
const withStore = planOf({ s3 });
const hour = 3600;
const now = Date.parse("2026-11-28T12:00:00Z") / 1000;

const told = (changes: Partial<ServerSnapshots> = {}): ServerSnapshots => ({
  now,
  running: 400 * hour,
  local: now - hour,
  records: [stored("etcd-snapshot-server-1-1", hour), null],
  ...changes,
});
const at = (secondsAgo: number): string => new Date((now - secondsAgo) * 1000).toISOString().replace(".000", "");
const stored = (snapshotName: string, ago: number) => ({
  spec: { snapshotName, s3: { bucket: "etcd" } },
  status: { creationTime: at(ago), readyToUse: true },
});
/** As `snapshot` in pkg/etcd/snapshot.go of k3s-io/k3s records an upload that failed. */
const failed = (snapshotName: string, ago: number, message: string) => ({
  spec: { snapshotName, s3: { bucket: "etcd" } },
  status: { creationTime: at(ago), readyToUse: false, error: { time: at(ago), message } },
});

const drift = (changes: Partial<ServerSnapshots>, plan = withStore) => snapshotDrift(plan, "server-1", told(changes));

describe("the age of snapshots", () => {
  it("may be two pauses of the schedule and an hour", () => {
    assert.equal(oldestAllowed(planOf({})), 13 * hour);
    assert.equal(oldestAllowed(planOf({ schedule: "0 3 * * *" })), 49 * hour);
  });

  it("is told on the disk and, where one is declared, in the store; of this server's own", () => {
    const records = [stored("etcd-snapshot-server-1-1", 3 * hour), stored("etcd-snapshot-another-server-1x-2", hour)];
    assert.deepEqual(snapshotAges(withStore, "server-1", told({ records })), { disk: hour, store: 3 * hour });
    assert.deepEqual(snapshotAges(planOf({}), "server-1", told({ records })), { disk: hour });
    assert.deepEqual(snapshotAges(withStore, "server-1", told({ records: null })), { disk: hour });
    assert.deepEqual(snapshotAges(withStore, "server-1", told({ local: null, records: [] })), {
      disk: null,
      store: null,
    });
  });

  it("is no finding within its time, nor on a server that has not run for as long", () => {
    assert.deepEqual(drift({}), []);
    assert.deepEqual(drift({ local: now - 12 * hour }), []);
    assert.deepEqual(drift({ local: null, records: [], running: 12 * hour }), []);
    assert.deepEqual(drift({ local: now - 99 * hour, running: null }), []);
  });

  it("is one where the schedule is not kept: on the disk, in the store, or nowhere at all", () => {
    const [onDisk = "", ...more] = drift({ local: now - 14 * hour });
    assert.match(
      onDisk,
      /^its newest snapshot on its disk is 14 h old, and kubernetes\.snapshots\.schedule is "0 \*\/6/,
    );
    assert.deepEqual(more, []);
    const [inStore = ""] = drift({ records: [stored("etcd-snapshot-server-1-1", 80 * hour)] });
    assert.match(
      inStore,
      /^its newest snapshot in the object store is 3 days old.*: npm run snapshot -- site-a takes one/,
    );
    assert.match(drift({ records: [] })[0] ?? "", /^has no snapshot in the object store/);
    assert.deepEqual(drift({ records: [] }, planOf({})), []);
  });

  it("tells of the last failure with what k3s recorded, unless it was made good", () => {
    const refused = failed("etcd-snapshot-server-1-9", 0.5 * hour, 'bucket "etcd"\n does not exist');
    const good = stored("etcd-snapshot-server-1-1", hour);
    assert.deepEqual(drift({ records: [good, refused, failed("etcd-snapshot-server-1-5", 2 * hour, "older")] }), [
      'snapshot etcd-snapshot-server-1-9 could not be brought to the object store, 30 min ago: bucket "etcd" does not exist',
    ]);
    assert.deepEqual(drift({ records: [good, refused, stored("etcd-snapshot-server-1-10", 60)] }), []);
    const taken = { spec: { snapshotName: "etcd-snapshot-server-1-3" }, status: refused.status };
    assert.match(drift({ records: [good, taken] })[0] ?? "", /^snapshot etcd-snapshot-server-1-3 could not be taken/);
  });

  it("reads what the API server says, with what it leaves out", () => {
    const answer = {
      now,
      running: null,
      local: null,
      records: [{ spec: { snapshotName: "a-server-1-1" }, status: "" }, null],
    };
    const read = serverSnapshots.parse(answer);
    assert.deepEqual(snapshotAges(withStore, "server-1", read), { disk: null, store: null });
  });

  it("is in words that a person wants", () => {
    assert.deepEqual([59, 3599, 7200, 47 * hour, 49 * hour].map(inWords), ["0 min", "59 min", "2 h", "47 h", "2 days"]);
  });
});
