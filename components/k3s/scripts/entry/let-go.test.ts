import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { loadScript } from "@isthmus/remote/script";
import { letGo } from "../../operations/let-go.ts";
import { planCluster } from "../../plan/plan.ts";
import { settingsOf, sixNodes } from "../../testing.ts";

const { text } = loadScript(new URL("./let-go.sh", import.meta.url));

interface Cluster {
  /** Voters in all, those beside who leaves, and how many of these are well. */
  readonly voters: number;
  readonly others: number;
  readonly well: number;
  readonly declared?: number;
  readonly role?: "server" | "agent";
  /** Replicas of Longhorn, as kubectl prints the columns that are asked for. Default: there is no Longhorn. */
  readonly replicas?: readonly string[];
}

/** What the script says, of a cluster that stand-ins describe; it ends with `taken` where it took the lease. */
function asked({ voters, others, well, declared = 3, role = "server", replicas }: Cluster): string {
  const stubs = `
    lock() { :; }; require_api() { :; }; step() { :; }; say() { echo "$1"; }
    fail() { echo "because: $1"; exit 1; }
    retry() { shift; "$@"; }
    take_lease() { echo "taken for $1"; }
    count_votes() { VOTERS=${String(voters)} OTHERS=${String(others)} WELL_OTHERS=${String(well)}; }
    kube() { ${replicas === undefined ? `echo "error: the server doesn't have a resource type \\"replicas\\""; return 1` : 'printf "%s\\n" "$REPLICAS"'}; }
    LEAVING=server-1 LEAVING_ROLE=${role} SERVERS=${String(declared)}`;
  const { stdout, stderr } = spawnSync("bash", ["--norc", "-c", `set -Eeuo pipefail\n${stubs}\n${text}`], {
    env: { PATH: process.env["PATH"], REPLICAS: (replicas ?? []).join("\n") },
    encoding: "utf8",
  });
  assert.equal(stderr, "");
  return stdout.trim();
}

const fine = "taken for server-1\nserver-1 may go";

describe("what servers say before the machine of a node is deleted", () => {
  it("is yes while a majority stays, whether who leaves lives, is dead, or left already", () => {
    assert.equal(asked({ voters: 3, others: 2, well: 2 }), fine);
    assert.equal(asked({ voters: 2, others: 2, well: 2 }), fine);
    assert.equal(asked({ voters: 5, others: 4, well: 3, declared: 5 }), fine);
  });

  it("is no where another one is not well, has not joined again, or there is none", () => {
    assert.match(asked({ voters: 3, others: 2, well: 1 }), /^because: without server-1, 1 of 3 servers would be left/);
    assert.match(asked({ voters: 2, others: 1, well: 1 }), /^because: without server-1, 1 of 3 servers/);
    assert.match(asked({ voters: 5, others: 4, well: 2, declared: 3 }), /^because: without server-1, 2 of 5 servers/);
    assert.match(asked({ voters: 1, others: 0, well: 0, declared: 1 }), /^because: server-1 is the only etcd voter/);
  });

  it("is no where the last whole copy of a volume is there, of an agent, too", () => {
    const none = ["pvc-a|server-1|2026-11-01T00:00:00Z|", "pvc-a|server-2|2026-11-01T00:00:00Z|"];
    assert.equal(asked({ voters: 3, others: 2, well: 2, replicas: none }), fine);
    const cases = [
      ["pvc-a|server-1|2026-11-01T00:00:00Z|"],
      ["pvc-a|server-1|2026-11-01T00:00:00Z|", "pvc-a|server-2|2026-11-01T00:00:00Z|2026-11-02T00:00:00Z"],
      ["pvc-a|server-1|2026-11-01T00:00:00Z|", "pvc-a|server-2||"],
    ];
    for (const replicas of cases) {
      for (const role of ["server", "agent"] as const)
        assert.match(
          asked({ voters: 3, others: 2, well: 2, role, replicas }),
          /because: the only whole copy of .*: pvc-a/,
        );
    }
    assert.equal(asked({ voters: 3, others: 2, well: 2, role: "agent", replicas: none }), "server-1 may go");
  });

  it("is asked of the servers that stay", () => {
    const plan = planCluster({ name: "site-a", nodes: sixNodes, settings: settingsOf() });
    const names = plan.order.servers.map(({ node }) => node.name);
    const [first = "", ...others] = names;
    assert.deepEqual(letGo(plan, first).servers, others);
    assert.equal(letGo(plan, first).parameters["LEAVING_ROLE"], "server");
    const agent = letGo(plan, "agent-1");
    assert.deepEqual([agent.servers, agent.parameters["LEAVING_ROLE"]], [names, "agent"]);
  });
});
