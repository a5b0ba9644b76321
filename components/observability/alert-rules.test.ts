import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execaSync } from "execa";
import { stringify } from "yaml";
import { alertRules, summaryRules } from "./alert-rules.ts";

const hasPromtool = execaSync("promtool", ["--version"], { reject: false }).exitCode === 0;

interface Expected {
  readonly alert: string;
  readonly at: string;
  /** Labels of each that fires, beside the severity. */
  readonly labels: readonly Readonly<Record<string, string>>[];
}

/** Runs the rules over series in the real evaluator, and compares which alerts fire. */
function firing(series: Readonly<Record<string, string>>, expected: readonly Expected[]): void {
  const rules = alertRules({ sites: ["site-b"], etcd: true });
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
    const rules = alertRules({ sites: ["site-b"], etcd: true });
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
