import assert from "node:assert/strict";
import { type Condition, type NodeFacts, type Workload } from "@isthmus/core";
import fc from "fast-check";
import { assess } from "./assess.ts";
import { failuresOf, type Failure } from "../model/failure.ts";
import * as sample from "../testing.ts";
import type { State } from "../model/verdict.ts";

/*
 * The same questions answered by trying everything: each placement that the hard rules permit, each leader, each way in
 * which a scheduler may put what is lost. Shares no code with what it checks.
 */

type Placement = readonly NodeFacts[];

const together: Readonly<Record<string, (a: NodeFacts, b: NodeFacts) => boolean>> = {
  none: () => false,
  node: (a, b) => a.site === b.site && a.name === b.name,
  host: (a, b) => a.site === b.site && a.host === b.host,
};

/** Every way to put up to `members` more members, one after the other, until none finds a node. */
function extensions(
  placed: Placement,
  members: number,
  rule: { nodes: readonly NodeFacts[]; apart: string },
): Placement[] {
  const clash = together[rule.apart]!;
  const free = rule.nodes.filter((node) => !placed.some((other) => clash(node, other)));
  if (members === 0 || free.length === 0) return [placed];
  return free.flatMap((node) => extensions([...placed, node], members - 1, rule));
}

function enough(condition: Condition, alive: number, all: number): boolean {
  if (condition.kind === "nothing") return true;
  if (condition.kind === "any" || condition.kind === "primary") return alive > 0;
  if (condition.kind === "majority") return alive > all / 2;
  return condition.kind === "all" ? alive === all : alive >= condition.members;
}

function stateWith(workload: Workload, alive: number, { all, led }: { all: number; led: boolean }): State {
  if (alive === 0) return "down";
  const may = (condition: Condition) => enough(condition, alive, all) && (condition.kind !== "primary" || led);
  if (!may(workload.reads)) return "down";
  if (!may(workload.writes)) return workload.reads.kind === "nothing" ? "down" : "read-only";
  return alive === all ? "full" : "degraded";
}

const rank: Readonly<Record<State, number>> = { down: 0, "read-only": 1, degraded: 2, full: 3 };
const worstOf = (states: readonly State[]) => states.reduce((a, b) => (rank[b] < rank[a] ? b : a), "full");

interface Case {
  readonly nodes: readonly NodeFacts[];
  readonly workload: Workload;
  readonly apart: string;
  readonly members: Readonly<Record<string, number>>;
}

const isLost = (failure: Failure, node: NodeFacts) =>
  (failure.kind === "node" && failure.node === node.name && failure.site === node.site) ||
  (failure.kind === "host" && failure.host === node.host && failure.site === node.site) ||
  (failure.kind === "site" && failure.site === node.site);

function moves(workload: Workload): boolean {
  if (workload.controller === "host" || workload.controller === "DaemonSet") return false;
  if (workload.restarts.by === "person") return false;
  if (workload.stores === undefined) return workload.controller !== "StatefulSet";
  return workload.stores.moves === "site" && workload.stores.freedFromDeadNode;
}

/** Placements of all sites together. */
function placements(of: Case): Placement[] {
  return Object.entries(of.members).reduce<Placement[]>(
    (all, [site, members]) => {
      const nodes = of.nodes.filter((node) => node.site === site && mayHave(of.workload, node));
      const here = extensions([], members, { nodes, apart: of.apart });
      return all.flatMap((placement) => here.map((more) => [...placement, ...more]));
    },
    [[]],
  );
}

const mayHave = (workload: Workload, node: NodeFacts) =>
  workload.runsOn.required.every(({ key, values }) => values.includes(node.labels[key] ?? "")) &&
  workload.architectures.includes(node.architecture);

function controlPlaneRuns(nodes: readonly NodeFacts[], site: string, failure: Failure): boolean {
  const servers = nodes.filter((node) => node.role === "server" && node.site === site);
  return servers.filter((node) => !isLost(failure, node)).length > servers.length / 2;
}

function judgeByTrying(of: Case, failure: Failure): { during: State; after: State } {
  const all = Object.values(of.members).reduce((sum, members) => sum + members, 0);
  const during: State[] = [];
  const after: State[] = [];
  for (const placement of placements(of)) {
    const left = placement.filter((node) => !isLost(failure, node));
    const lost = placement.length - left.length;
    during.push(stateWith(of.workload, left.length, { all, led: lost === 0 }));
    for (const moved of scheduled(of, failure, { placement, left })) {
      const back = moved.length === placement.length;
      const runs = left.some((node) => controlPlaneRuns(of.nodes, node.site, failure));
      const { writes, controller } = of.workload;
      const failover = writes.kind === "primary" && writes.failover !== "person" && (controller !== "operator" || runs);
      // Who is elected must run when the leader is lost, or have started since.
      const led = back || (failover && moved.length > 0);
      after.push(stateWith(of.workload, moved.length, { all, led }));
    }
  }
  return { during: worstOf(during), after: worstOf(after) };
}

function scheduled(
  of: Case,
  failure: Failure,
  { placement, left }: { placement: Placement; left: Placement },
): Placement[] {
  const [gone] = placement.filter((node) => isLost(failure, node));
  if (gone === undefined || failure.kind === "site" || !moves(of.workload)) return [left];
  if (!controlPlaneRuns(of.nodes, gone.site, failure)) return [left];
  const nodes = of.nodes.filter(
    (node) => node.site === gone.site && !isLost(failure, node) && mayHave(of.workload, node),
  );
  return extensions(left, placement.length - left.length, { nodes, apart: of.apart });
}

const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.constantFrom<Condition>({ kind: "any" }, { kind: "majority" }, { kind: "all" }, { kind: "nothing" }),
  fc.integer({ min: 1, max: 4 }).map((members): Condition => ({ kind: "atLeast", members })),
);
const writing = fc.oneof(
  condition,
  fc.constantFrom<Condition>({ kind: "primary", failover: "30s" }, { kind: "primary", failover: "person" }),
);

const nodesOf = (site: string) =>
  fc
    .array(
      fc.record({
        host: fc.constantFrom("h1", "h2", "h3"),
        role: fc.constantFrom("server" as const, "agent" as const),
        disk: fc.constantFrom("fast", "slow"),
        architecture: fc.constantFrom("amd64" as const, "amd64" as const, "arm64" as const),
      }),
      { minLength: 1, maxLength: 4 },
    )
    .map((list) =>
      list.map(({ host, role, disk, architecture }, i) =>
        sample.node(`${site}${i}`, site, { host, role: i === 0 ? "server" : role, architecture, labels: { disk } }),
      ),
    );

const cases = (sites: readonly string[]): fc.Arbitrary<Case> =>
  fc
    .record({
      nodes: fc.tuple(...sites.map(nodesOf)).map((lists) => lists.flat()),
      members: fc.tuple(
        ...sites.map(() => fc.integer({ min: sites.length > 1 ? 0 : 1, max: sites.length > 1 ? 2 : 3 })),
      ),
      apart: fc.constantFrom("none", "node", "host"),
      fast: fc.boolean(),
      architectures: fc.constantFrom<Workload["architectures"][]>(["amd64"], ["amd64", "arm64"]),
      reads: condition,
      writes: writing,
      controller: fc.constantFrom("Deployment" as const, "StatefulSet" as const, "operator" as const, "host" as const),
      stores: fc.constantFrom(undefined, sample.localDisk, sample.longhorn, {
        ...sample.longhorn,
        freedFromDeadNode: false,
      }),
      restarts: fc.constantFrom<Workload["restarts"]>({ by: "itself", within: "9s" }, { by: "person", steps: ["act"] }),
    })
    .map(({ members, fast, apart, nodes, stores, ...rest }): Case => {
      const perSite = Object.fromEntries(sites.map((site, i) => [site, members[i] ?? 0]));
      const required = fast ? [{ key: "disk", values: ["fast"] }] : [];
      const spread = apart === "none" ? [] : [{ over: apart, required: true }];
      const runsOn = { required, preferred: [], tolerations: [], spread };
      const workload = sample.workload({ ...rest, members: { perSite }, runsOn, ...(stores ? { stores } : {}) });
      return { nodes, workload, apart, members: perSite };
    })
    .filter((each) => placements(each).some((placement) => placement.length > 0));

function compare(of: Case, sites: readonly string[]): void {
  const topology = {
    sites: sites.map((name) =>
      sample.site(
        name,
        of.nodes.filter((node) => node.site === name),
      ),
    ),
  };
  const id = sites.length > 1 ? "tried" : `${sites[0] ?? ""}/tried`;
  const failures = failuresOf(topology).filter(({ kind }) => kind === "node" || kind === "host" || kind === "site");
  for (const found of assess({ topology, services: [sample.service(id, of.workload)] }, failures)) {
    if (found.service !== id) continue;
    const { during, after } = found;
    assert.deepEqual({ during, after }, judgeByTrying(of, found.failure), JSON.stringify(found));
  }
}

describe("verdicts against trying every permitted placement", function () {
  this.timeout(60_000);

  it("agree for a service at one site", () => {
    fc.assert(
      fc.property(cases(["a"]), (of) => {
        compare(of, ["a"]);
      }),
      { numRuns: 600 },
    );
  });

  it("agree for a service over two sites", () => {
    fc.assert(
      fc.property(cases(["a", "b"]), (of) => {
        compare(of, ["a", "b"]);
      }),
      { numRuns: 250 },
    );
  });

  it("agree on each side of a cut", () => {
    const names = ["a", "b"];
    fc.assert(
      fc.property(cases(names), (of) => {
        const sites = names.map((name) =>
          sample.site(
            name,
            of.nodes.filter((node) => node.site === name),
          ),
        );
        const services = [sample.service("tried", of.workload)];
        const [found] = assess({ topology: { sites }, services }, [{ kind: "link" }]);
        const expected = judgeCutByTrying(of, names);
        assert.equal(found!.after, expected.overall, JSON.stringify(found));
        for (const [site, state] of Object.entries(found!.sites ?? {})) {
          assert.equal(state.after, expected.sites[site], JSON.stringify(found));
        }
      }),
      { numRuns: 400 },
    );
  });
});

/** What each site sees when the link is cut, and the best of it with the leader at the worst place. */
function judgeCutByTrying(of: Case, sites: readonly string[]): { sites: Record<string, State>; overall: State } {
  const all = Object.values(of.members).reduce((sum, members) => sum + members, 0);
  const seen = placements(of).map((placement) => {
    const here = (site: string) => placement.filter((node) => node.site === site).length;
    const byLeader = sites
      .filter((site) => here(site) > 0)
      .map((leader) => sites.map((site) => stateWith(of.workload, here(site), { all, led: site === leader })));
    const bests = byLeader.map((states) => states.reduce((a, b) => (rank[b] > rank[a] ? b : a), "down"));
    return { overall: worstOf(bests), bySite: sites.map((_, i) => worstOf(byLeader.map((states) => states[i]!))) };
  });
  const bySite = sites.map((site, i): [string, State] => [site, worstOf(seen.map((each) => each.bySite[i]!))]);
  return { overall: worstOf(seen.map((each) => each.overall)), sites: Object.fromEntries(bySite) };
}
