import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execaSync } from "execa";
import { stringify } from "yaml";
import { alertRules, summaryRules } from "./alert-rules.ts";

const hasPromtool = execaSync("promtool", ["--version"], { reject: false }).exitCode === 0;

const snapshots = { pauseMinutes: 360, oldestMinutes: 780, stored: true };
const usual = { sites: ["site-b"], etcd: true, snapshots, retentionMinutes: 21_600 };

interface Expected {
  readonly alert: string;
  readonly at: string;
  /** Labels of each that fires, beside the severity. */
  readonly labels: readonly Readonly<Record<string, string>>[];
}

/** Runs the rules over series in the real evaluator, and compares which alerts fire. */
function firing(series: Readonly<Record<string, string>>, expected: readonly Expected[]): void {
  const rules = alertRules(usual);
  const folder = mkdtempSync(join(tmpdir(), "alert-rules-"));
  try {
    const groups = [
      { name: "summary", rules: summaryRules },
      {
        name: "alerts",
        rules: rules.map(({ alert, expr, for: after, labels }) => ({ alert, expr, for: after, labels })),
      },
    ];
    writeFileSync(join(folder, "rules.yaml"), stringify({ groups }));
    const test = {
      interval: "1m",
      input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
      alert_rule_test: expected.map(({ alert, at, labels }) => ({
        eval_time: at,
        alertname: alert,
        exp_alerts: labels.map((one) => ({
          exp_labels: { severity: rules.find((rule) => rule.alert === alert)?.labels.severity, ...one },
        })),
      })),
    };
    writeFileSync(join(folder, "test.yaml"), stringify({ rule_files: ["rules.yaml"], tests: [test] }));
    const { exitCode, all } = execaSync("promtool", ["test", "rules", "test.yaml"], {
      cwd: folder,
      reject: false,
      all: true,
    });
    assert.equal(exitCode, 0, all);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("alert rules", () => {
  it("have a summary and a description each, and names that are not taken twice", () => {
    const rules = alertRules(usual);
    for (const { annotations } of rules) assert.ok(annotations.summary !== "" && annotations.description !== "");
    assert.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length);
  });

  describe("in the real evaluator", function () {
    before(function () {
      if (hasPromtool) return;
      console.log("        skipped: promtool is not on the PATH (Debian: package prometheus)");
      this.skip();
    });

    it("tell of another site after 5 minutes, and not of a short gap", () => {
      firing({ 'up{job="site-site-b"}': "1 0x20" }, [
        { alert: "SiteConnectivityLost", at: "5m", labels: [] },
        { alert: "SiteConnectivityLost", at: "7m", labels: [{ job: "site-site-b" }] },
      ]);
    });

    it("tell of this site's nodes and not of what was fetched", () => {
      const own = 'up{job="node-exporter",instance="a"}';
      const fetched = 'up{job="node-exporter",instance="b",site="site-b"}';
      firing({ [own]: "0x10", [fetched]: "0x10" }, [
        { alert: "NodeDown", at: "3m", labels: [{ job: "node-exporter", instance: "a" }] },
      ]);
    });

    it("tell of memory below 20 % and of disks below 15 %, not above", () => {
      firing(
        {
          'node_memory_MemAvailable_bytes{instance="a"}': "19x10",
          'node_memory_MemTotal_bytes{instance="a"}': "100x10",
          'node_memory_MemAvailable_bytes{instance="b"}': "21x10",
          'node_memory_MemTotal_bytes{instance="b"}': "100x10",
          'node_filesystem_avail_bytes{instance="a",mountpoint="/",fstype="ext4"}': "14x10",
          'node_filesystem_size_bytes{instance="a",mountpoint="/",fstype="ext4"}': "100x10",
          'node_filesystem_avail_bytes{instance="a",mountpoint="/run",fstype="tmpfs"}': "1x10",
          'node_filesystem_size_bytes{instance="a",mountpoint="/run",fstype="tmpfs"}': "100x10",
        },
        [
          { alert: "NodeMemoryLow", at: "6m", labels: [{ instance: "a" }] },
          { alert: "NodeDiskLow", at: "6m", labels: [{ instance: "a", mountpoint: "/", fstype: "ext4" }] },
        ],
      );
    });

    it("tell of an etcd without a leader, and of a Vault that runs sealed", () => {
      const vault = (index: number) => `container="vault",namespace="vault",pod="vault-${index}"`;
      firing(
        {
          'etcd_server_has_leader{instance="10.0.20.11:2381"}': "0x10",
          'etcd_server_has_leader{instance="10.0.20.12:2381"}': "1x10",
          [`kube_pod_container_status_ready{${vault(0)}}`]: "0x10",
          [`kube_pod_container_status_running{${vault(0)}}`]: "1x10",
          [`kube_pod_container_status_ready{${vault(1)}}`]: "0x10",
          [`kube_pod_container_status_running{${vault(1)}}`]: "0x10",
        },
        [
          { alert: "EtcdWithoutLeader", at: "2m", labels: [{ instance: "10.0.20.11:2381" }] },
          { alert: "VaultSealed", at: "6m", labels: [{ container: "vault", namespace: "vault", pod: "vault-0" }] },
        ],
      );
    });

    describe("of etcd's snapshots", () => {
      const labels = (instance: string, job = "apiserver") => `instance="${instance}:6443",job="${job}"`;
      const count = (what: string, instance: string, status: string) =>
        `k3s_etcd_snapshot_save_${what}_duration_seconds_count{${labels(instance)},status="${status}"}`;
      /** One that has run for 20 hours when measurements begin, an hour of them in a step of `firing`. */
      const server = (instance: string, started = -72_000, job = "apiserver") => ({
        [`process_start_time_seconds{${labels(instance, job)}}`]: `${String(started)}x1800`,
        [`k3s_etcd_snapshot_reconcile_local_duration_seconds_count{${labels(instance, job)},status="success"}`]:
          "1x1800",
      });
      const fires = (alert: string, instances: readonly string[]): Omit<Expected, "at"> => ({
        alert,
        labels: instances.map((instance) => ({ instance: `${instance}:6443`, job: "apiserver" })),
      });

      it("tell where none was taken or brought away for two pauses and an hour, and not where one was", () => {
        const series = {
          ...server("a"),
          ...server("b"),
          ...server("never"),
          // Six hours apart; b's stop after the second.
          [count("local", "a", "success")]: "1x359 2x359 3x359 4x359",
          [count("s3", "a", "success")]: "1x359 2x359 3x359 4x359",
          [count("local", "b", "success")]: "1x359 2x1440",
          [count("s3", "b", "success")]: "1x359 2x1440",
        };
        firing(series, [
          { ...fires("EtcdSnapshotsStopped", ["never"]), at: "18h" },
          { ...fires("EtcdSnapshotsStopped", ["b", "never"]), at: "20h" },
          { ...fires("EtcdSnapshotsNotStored", ["b", "never"]), at: "20h" },
        ]);
      });

      it("leave time to a k3s that was started, know none of one that does not count them, and count nothing twice", () => {
        const old = { [`process_start_time_seconds{${labels("old")}}`]: "-720000x1800" };
        firing({ ...server("young", 0), ...server("twice", -72_000, "kubelet"), ...old }, [
          { ...fires("EtcdSnapshotsStopped", []), at: "13h" },
          { ...fires("EtcdSnapshotsStopped", ["young"]), at: "13h30m" },
        ]);
      });

      it("takes the first one after a start for one", () => {
        const first = {
          [count("local", "a", "success")]: "_x1000 1x400",
          [count("s3", "a", "success")]: "_x1000 1x400",
        };
        firing({ ...server("a"), ...first }, [
          { ...fires("EtcdSnapshotsStopped", ["a"]), at: "16h" },
          { ...fires("EtcdSnapshotsStopped", []), at: "17h" },
          { ...fires("EtcdSnapshotsNotStored", []), at: "17h" },
        ]);
      });

      it("tell at once of an upload that failed, the first one too, until one is made good", () => {
        const failed = { [count("s3", "a", "error")]: "_x599 1x1000", [count("s3", "a", "success")]: "1x699 2x800" };
        const fired = {
          alert: "EtcdSnapshotUploadFailed",
          labels: [{ instance: "a:6443", job: "apiserver", status: "error" }],
        };
        firing({ ...server("a"), ...failed }, [
          { ...fires("EtcdSnapshotUploadFailed", []), at: "9h" },
          { ...fired, at: "11h" },
          { ...fires("EtcdSnapshotUploadFailed", []), at: "11h50m" },
        ]);
      });

      it("are as many as there is to be told: of no store where none is, of none where measurements do not last", () => {
        const names = (changes: object) =>
          alertRules({ ...usual, ...changes }).flatMap(({ alert }) =>
            alert.startsWith("EtcdSnapshot") ? [alert] : [],
          );
        assert.deepEqual(names({}), ["EtcdSnapshotsStopped", "EtcdSnapshotsNotStored", "EtcdSnapshotUploadFailed"]);
        assert.deepEqual(names({ snapshots: { ...snapshots, stored: false } }), ["EtcdSnapshotsStopped"]);
        assert.deepEqual(names({ snapshots: { ...snapshots, oldestMinutes: 90_000 } }), []);
        assert.deepEqual(names({ snapshots: { pauseMinutes: Infinity, oldestMinutes: Infinity, stored: true } }), []);
      });
    });

    it("tell of a certificate that has less than 14 days, and not of one that has more", () => {
      const expiry = (name: string) =>
        `certmanager_certificate_expiration_timestamp_seconds{name="${name}",namespace="a"}`;
      const days = (count: number) => `${count * 86_400}x90`;
      firing({ [expiry("soon")]: days(13), [expiry("later")]: days(15) }, [
        { alert: "CertificateExpiresSoon", at: "65m", labels: [{ name: "soon", namespace: "a" }] },
      ]);
    });
  });
});
