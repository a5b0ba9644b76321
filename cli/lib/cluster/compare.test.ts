import assert from "node:assert/strict";
import { k3sSettings, planCluster, type K3sNode } from "@isthmus/k3s";
import { compareCluster, isAsDeclared, type HostStatus, type Looked } from "./compare.ts";
import { reportText } from "./report-text.ts";

const version = "v1.34.3+k3s1";
const sum = "a".repeat(64);
const settings = k3sSettings.parse({
  version,
  checksums: { installer: sum, amd64: { binary: sum } },
  api: { kind: "external", address: "api.example.com" },
});
const taint = { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" } as const;
const nodes: readonly K3sNode[] = [
  { name: "s1", role: "server", address: "10.0.0.1", labels: { zone: "a" }, taints: [taint] },
  { name: "a1", role: "agent", address: "10.0.0.2", labels: {}, taints: [] },
];
const plan = planCluster({ name: "site-a", nodes, settings });

const server: HostStatus = {
  node: "s1",
  role: "server",
  unit: "active",
  version,
  declaredVersion: version,
  ready: "True",
  etcdVoter: "True",
  certificateDays: 300,
  driftedFiles: [],
  waitsForStart: [],
  toldOtherwise: [],
  unfinished: [],
  labels: { zone: "a", "kubernetes.io/os": "linux" },
  taints: [taint],
  members: [{ name: "s1-0a1b2c3d", address: "10.0.0.1", voter: true }],
  snapshots: { now: 1_000_000, running: 500_000, local: 1_000_000 - 7200, records: [] },
  nodes: "a1 s1",
};
const agent: HostStatus = {
  ...server,
  node: "a1",
  role: "agent",
  etcdVoter: "",
  labels: {},
  taints: [],
  members: null,
  snapshots: null,
};

const report = (s1: Partial<HostStatus>, a1: Looked = { status: agent }) =>
  compareCluster(plan, { s1: { status: { ...server, ...s1 } }, a1 });
const driftOfServer = (changes: Partial<HostStatus>): readonly string[] => report(changes).nodes[0]?.drift ?? [];

describe("the status of a cluster", () => {
  it("is as declared where every host is; labels and taints of others do not count", () => {
    const found = report({ taints: [taint, { key: "node.kubernetes.io/unreachable", effect: "NoExecute" }] });
    assert.equal(isAsDeclared(found), true);
    assert.equal(
      reportText(found),
      [
        "node  role    version       ready  voter  certificates  snapshots",
        "s1    server  v1.34.3+k3s1  yes    yes    300 days      2 h",
        "a1    agent   v1.34.3+k3s1  yes    -      300 days      -",
        "",
        "site-a is as declared.",
      ].join("\n"),
    );
  });

  it("counts the members of etcd, whatever Nodes say, and names those that stand under another name or for nobody", () => {
    const s1 = { name: "s1-0a1b2c3d", address: "10.0.0.1", voter: true };
    const voters = (members: HostStatus["members"], etcdVoter = "True"): unknown => {
      const { voters, drift } = report({ members, etcdVoter });
      return [voters, drift];
    };
    assert.deepEqual(voters([s1]), [1, []]);
    assert.deepEqual(voters(null), [1, []]);
    assert.deepEqual(voters([{ ...s1, voter: false }]), [0, ["0 of 1 servers vote"]]);
    // Its Node says that it votes, and its member is gone.
    assert.deepEqual(voters([]), [0, ["0 of 1 servers vote"]]);
    assert.deepEqual(voters([{ ...s1, name: "old-name-0a1b2c3d" }]), [
      1,
      [
        "etcd has s1 as its member old-name-0a1b2c3d: nodes are not renamed in place. Declare it as old-name again, or remove it and let it join anew, one step each",
      ],
    ]);
    assert.deepEqual(voters([s1, { name: "s9-00000000", address: "10.0.0.9", voter: true }]), [
      2,
      ["etcd has a member s9-00000000 at 10.0.0.9, which no declared server is"],
    ]);
    // A server whose address is declared otherwise is told of by its own drift.
    assert.deepEqual(voters([{ ...s1, address: "10.0.0.7" }]), [1, []]);
  });

  const drifts: readonly (readonly [Partial<HostStatus>, readonly string[]])[] = [
    [{ unit: "failed" }, ["k3s is failed"]],
    [{ unit: "", version: "" }, ["k3s is not installed", "no version is installed"]],
    [{ version: "v1.33.1+k3s1" }, ["v1.33.1+k3s1 is installed"]],
    [{ ready: "Unknown" }, ["is not Ready"]],
    [{ ready: "", labels: null, taints: null }, ["the cluster does not tell of it"]],
    [{ etcdVoter: "False" }, ["has no vote in etcd"]],
    [{ driftedFiles: ["/etc/rancher/k3s/config.yaml"] }, ["/etc/rancher/k3s/config.yaml differs"]],
    [
      { toldOtherwise: ["flannel-backend (/etc/rancher/k3s/config.yaml.d/50-own.yaml)"] },
      ["k3s is told flannel-backend (/etc/rancher/k3s/config.yaml.d/50-own.yaml) beside what is declared"],
    ],
    [
      { waitsForStart: ["disable", "tls-san"] },
      ["runs as it was adopted: at its next start take effect disable, tls-san"],
    ],
    [
      { unfinished: ["cordon", "certificates"] },
      [
        "is cordoned by a run that did not end: run it again (pulumi up, or npm run update-os)",
        "has certificates half renewed: npm run rotate-certificates goes on",
      ],
    ],
    [{ labels: { zone: "b" } }, ['label zone is "b"']],
    [{ labels: {} }, ["label zone is missing"]],
    [{ taints: [] }, ["taint node-role.kubernetes.io/control-plane=:NoSchedule is missing"]],
    [
      { certificateDays: 30 },
      [
        "a certificate expires in 30 days: npm run rotate-certificates renews it (so does any start in the last 120 days)",
      ],
    ],
    [{ certificateDays: -2 }, ["a certificate expired 2 days ago: restart k3s there (servers first), which renews it"]],
    [{ certificateDays: null }, []],
  ];
  for (const [changes, drift] of drifts) {
    it(`tells of ${JSON.stringify(changes)}`, () => {
      assert.deepEqual(driftOfServer(changes), drift);
      assert.equal(isAsDeclared(report(changes)), drift.length === 0);
    });
  }

  it("tells of a host that cannot be reached, of a lost vote, and of nodes that nobody declared", () => {
    const found = compareCluster(plan, {
      s1: { unknown: "cannot be reached: no route" },
      a1: { status: { ...agent, nodes: "a1 s1 s9" } },
    });
    assert.deepEqual(found.drift, ["0 of 1 servers vote", "s9 is in the cluster and not declared"]);
    assert.deepEqual(found.nodes[0]?.drift, ["cannot be reached: no route"]);
    assert.match(
      reportText(found),
      /Not as declared:\n  0 of 1 servers vote\n  s9 is .*\n  s1: cannot be reached: no route\n/,
    );
  });
});
