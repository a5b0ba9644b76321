import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const part = (name: string): string => fileURLToPath(new URL(`./${name}.sh`, import.meta.url));
const row = (...fields: readonly string[]): string => `${fields.map((field) => `"${field}"\t`).join("")}\n`;

interface Cluster {
  /** What is recorded; absent: there is no record yet. */
  readonly record?: Readonly<Record<string, string>>;
  /** By node: what its annotations say, which its kubelet may have written. */
  readonly annotations: Readonly<Record<string, { readonly labels?: string; readonly taints?: string }>>;
  readonly taints?: string;
  readonly labels?: string;
}

/** What `kubectl` is told where `agent-1` is declared with one label, and has what others gave it. */
function told({
  record,
  annotations,
  taints = "",
  labels = "isthmus/machine=m disk=ssd team=x ",
}: Cluster): readonly string[] {
  const nodes = Object.entries(annotations).map(([name, said]) =>
    row(name, "True", "", said.labels ?? "", said.taints ?? "", taints, labels),
  );
  const recorded =
    record === undefined
      ? ""
      : [row("isthmus-nodes", ""), ...Object.entries(record).map((entry) => row(...entry))].join("");
  const code = `set -Eeuo pipefail
. ${part("answers")}
. ${part("node-record")}
. ${part("labels")}
say() { printf 'say %s\\n' "$*" >&3; }
step() { :; }
kube() {
  case "$*" in
  *'get configmap'*) printf %s "$RECORD_ROWS" ;;
  'get nodes'*) printf %s "$NODE_ROWS" ;;
  *' -f -'*|*/dev/stdin*) printf '%s < %s\\n' "$*" "$(cat)" >&3 ;;
  *) printf '%s\\n' "$*" >&3 ;;
  esac
}
NODES=(agent-1) LABELS=(disk=ssd) TAINTS=('') MACHINES=(m)
read_nodes
keep_labels`;
  const run = spawnSync("bash", ["-c", code], {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C", RECORD_ROWS: recorded, NODE_ROWS: nodes.join("") },
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  assert.equal(run.status, 0, run.stderr);
  return (run.output[3] ?? "").split("\n").filter((line) => line !== "");
}

const patch = (data: object) =>
  `-n kube-system patch configmap --type merge --patch-file /dev/stdin -- isthmus-nodes < ${JSON.stringify({ data })}`;

describe("the record of what is ours on nodes", () => {
  it("is what decides: a kubelet's annotation takes off no taint and no label that a person set", () => {
    const taints = "quarantine=yes:NoSchedule,";
    const annotations = { "agent-1": { labels: "disk,team", taints: "quarantine:NoSchedule" } };
    const record = { "agent-1.labels": "disk", "agent-1.taints": "" };
    assert.deepEqual(told({ record, annotations, taints }), []);
    // The same in the record is what it was declared with before.
    const before = { "agent-1.labels": "disk,team", "agent-1.taints": "quarantine:NoSchedule" };
    assert.deepEqual(told({ record: before, annotations, taints }), [
      "say labels of agent-1: team-",
      "label node --overwrite -- agent-1 team-",
      "say taints of agent-1: quarantine:NoSchedule-",
      "taint node --overwrite -- agent-1 quarantine:NoSchedule-",
      patch({ "agent-1.labels": "disk", "agent-1.taints": "" }),
    ]);
  });

  it("begins with the annotations of an older release, which go, and are never read again", () => {
    const lines = told({ annotations: { "agent-1": { labels: "disk,team" }, "agent-9": {} } });
    const created = lines[0]?.split(" < ") ?? [];
    assert.equal(created[0], "create -f -");
    assert.deepEqual(JSON.parse(created[1] ?? ""), {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "isthmus-nodes", namespace: "kube-system" },
      data: { "agent-1.labels": "disk,team", "agent-1.taints": "" },
    });
    assert.deepEqual(lines.slice(1), [
      "annotate node -- agent-1 isthmus/labels- isthmus/taints-",
      "say labels of agent-1: team-",
      "label node --overwrite -- agent-1 team-",
      patch({ "agent-1.labels": "disk", "agent-1.taints": "" }),
    ]);
    assert.deepEqual(
      told({ record: {}, annotations: { "agent-1": { labels: "team" } } }).map((line) => line.split(" < ")[1]),
      ['{"data":{"agent-1.labels":"disk","agent-1.taints":""}}'],
    );
  });

  it("forgets nodes that are gone, and passes over what is of no form", () => {
    const record = { "agent-1.labels": "disk,--all", "agent-1.taints": "", "gone.example.labels": "x" };
    const lines = told({ record, annotations: { "agent-1": {} } });
    assert.equal(lines[0], 'say of agent-1 something is noted that no run of ours wrote: "--all" is passed over');
    assert.deepEqual(JSON.parse(lines[1]?.split(" < ")[1] ?? ""), { data: { "gone.example.labels": null } });
    assert.equal(lines.length, 2);
  });
});
