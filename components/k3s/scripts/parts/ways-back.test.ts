import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const functions = readFileSync(new URL("./ways-back.sh", import.meta.url), "utf8");

/** As `k3s etcd-snapshot ls` prints them: pkg/cli/etcdsnapshot/etcd_snapshot.go of k3s-io/k3s. */
const disk = (name: string): string =>
  `${name} file:///var/lib/rancher/k3s/server/db/snapshots/${name} 4096 2026-11-28T10:00:00Z`;
const store = (name: string): string => `${name} s3://etcd/site-a/${name} 4096 2026-11-28T10:00:00Z`;

function bash(script: string, input = ""): { readonly stdout: string; readonly status: number | null } {
  const { stdout, stderr, status } = spawnSync("bash", ["-euo", "pipefail", "-c", `${functions}\n${script}`], {
    input,
    encoding: "utf8",
  });
  assert.equal(stderr, "");
  return { stdout, status };
}

const old = (lines: readonly string[]): readonly string[] =>
  bash("older_ways_back", ["Name Location Size Created", ...lines, ""].join("\n"))
    .stdout.split("\n")
    .slice(0, -1);

const way = (minor: number, at: number, node = "server-1"): string =>
  `before-v1.${String(minor)}.1-k3s1-${node}-${String(at)}`;

describe("ways back that upgrades keep", () => {
  it("are the last three by time, wherever they are", () => {
    const names = [way(9, 400), way(30, 100), way(33, 300), way(31, 200), way(34, 500)];
    const both = [...names.map(disk), ...names.map(store)];
    assert.deepEqual(old(names.map(disk)), [way(30, 100), way(31, 200)]);
    assert.deepEqual(old(names.map(store)), [way(30, 100), way(31, 200)]);
    assert.deepEqual(old(both), [way(30, 100), way(31, 200)]);
    assert.deepEqual(old(names.slice(0, 3).map(disk)), []);
    assert.deepEqual(old([]), []);
  });

  it("are not let go of in the store for newer ones that never came there", () => {
    const [first, ...newer] = [way(30, 100), way(31, 200), way(32, 300), way(33, 400)];
    assert.deepEqual(old([...[first, ...newer].map(disk), store(first), ...newer.slice(1).map(store)]), []);
    assert.deepEqual(old([...[first, ...newer].map(disk), ...newer.map(store)]), [first]);
  });

  it("leave what others called so, and what other upgrades and schedules took", () => {
    const newest = [way(31, 200), way(32, 300), way(33, 400)];
    const others = [
      "before-the-move-server-1-1",
      "before-v1-server-1-1",
      "etcd-snapshot-server-1-1",
      "before-v1.30.1-server-1-1",
    ];
    assert.deepEqual(old([...newest, ...others].map(disk)), []);
    const candidate = "before-v1.30.1-rc1-k3s1-server-1-100.zip";
    assert.deepEqual(old([...newest, candidate].map(disk)), [candidate]);
  });

  it("are let go of by k3s itself, once; that it cannot is said, and no failure", () => {
    const names = [way(30, 100), way(31, 200), way(32, 300), way(33, 400)];
    const run = (k3s: string): string =>
      bash(`say() { echo "said: $1"; }; logged() { shift; "$@"; }; k3s() { ${k3s}; }; prune_ways_back`).stdout;
    const listed = `cat <<'END'\n${names.map(disk).join("\n")}\nEND\n`;
    const asked = 'echo "k3s: $*"';
    const lists = `if [ "$2" = ls ]; then ${listed}else ${asked}; fi`;
    assert.equal(
      run(lists),
      `said: lets go of 1 snapshots of older upgrades\nk3s: etcd-snapshot delete ${way(30, 100)}\n`,
    );
    assert.equal(run(`if [ "$2" = ls ]; then echo; else ${asked}; fi`), "");
    assert.match(run("return 1"), /^said: older snapshots of upgrades stay: k3s lists none now\n$/);
    assert.match(run(`if [ "$2" = ls ]; then ${listed}else return 1; fi`), /said: they stay/);
  });
});
