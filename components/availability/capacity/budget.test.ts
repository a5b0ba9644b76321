import assert from "node:assert/strict";
import fc from "fast-check";
import { budget } from "./budget.ts";
import * as sample from "../testing.ts";

const gib = (count: number) => count * 1024;
const site = sample.site("a", [
  sample.node("server", "a", { role: "server", memory: "4Gi", cpu: "2" }),
  sample.node("one", "a", { memory: "8Gi", cpu: "4" }),
  sample.node("two", "a", { memory: "8Gi", cpu: "4" }),
]);
const onAgents = { required: [{ key: "pool", values: ["big"] }], preferred: [], tolerations: [], spread: [] };
const labelled = sample.site(
  "a",
  site.nodes.map((node) => (node.role === "agent" ? { ...node, labels: { ...node.labels, pool: "big" } } : node)),
);

describe("the budget", () => {
  it("adds up each node: what the system takes, what stands there in any case, and the share of the rest", () => {
    const services = [
      sample.service(
        "a/exporter",
        sample.workload({ members: { perNode: true }, requests: { memory: "64Mi", cpu: "50m" } }),
      ),
      sample.service(
        "a/web",
        sample.workload({ members: { perSite: { a: 2 } }, requests: { memory: "1Gi", cpu: "500m" }, runsOn: onAgents }),
      ),
    ];
    const { nodes, sites } = budget({ sites: [labelled] }, services);
    assert.deepEqual(nodes[0], {
      site: "a",
      node: "server",
      role: "server",
      capacity: { memory: gib(4), cpu: 2000, pods: 110 },
      reserved: { memory: 512, cpu: 150, pods: 4 },
      fixed: { memory: 1536 + 64, cpu: 400 + 50, pods: 1 },
      share: { memory: 0, cpu: 0, pods: 0 },
      left: { memory: gib(4) - 512 - 1536 - 64, cpu: 2000 - 150 - 400 - 50, pods: 110 - 4 - 1 },
    });
    assert.deepEqual(nodes[1]?.share, { memory: gib(1), cpu: 500, pods: 1 });
    assert.deepEqual(sites[0], {
      site: "a",
      capacity: { memory: gib(20), cpu: 10_000, pods: 330 },
      allocatable: { memory: gib(20) - 3 * 512, cpu: 10_000 - 450, pods: 330 - 12 },
      requested: { memory: 1536 + 3 * 64 + gib(2), cpu: 400 + 150 + 1000, pods: 3 + 2 },
      unschedulable: [],
      afterLossOf: ["server-host", "one-host", "two-host"].map((host) => ({ host, unschedulable: [] })),
    });
  });

  it("says who finds no room after the loss of a host, but not whose disk is on it", () => {
    const big = { members: { perSite: { a: 2 } }, requests: { memory: "5Gi", cpu: "1" }, runsOn: onAgents } as const;
    const after = (stores: typeof sample.localDisk) =>
      budget({ sites: [labelled] }, [sample.service("a/db", sample.workload({ ...big, stores }))]).sites[0]
        ?.afterLossOf;
    // Of 8 GiB the system has 0.5 and the other one 5.
    const why = "the node that comes closest lacks 2.5 GiB of memory";
    assert.deepEqual(after(sample.longhorn), [
      { host: "server-host", unschedulable: [] },
      {
        host: "one-host",
        unschedulable: [{ service: "a/db", workload: "main", of: 2, members: 1, because: "no room", why }],
      },
      {
        host: "two-host",
        unschedulable: [{ service: "a/db", workload: "main", of: 2, members: 1, because: "no room", why }],
      },
    ]);
    assert.deepEqual(
      after(sample.localDisk)?.map(({ unschedulable }) => unschedulable),
      [[], [], []],
    );
  });

  it("counts pods: a kubelet takes 110, or what it is told to, and a process of the host is none", () => {
    const tiny = (members: number, maxPods?: number) => {
      const nodes = labelled.nodes.map((node) => (maxPods === undefined ? node : { ...node, maxPods }));
      const web = {
        members: { perSite: { a: members } },
        requests: { memory: "1Mi", cpu: "1m" },
        runsOn: onAgents,
      } as const;
      const { sites } = budget({ sites: [{ ...labelled, nodes }] }, [sample.service("a/web", sample.workload(web))]);
      return [
        sites[0]?.unschedulable.map((one) => one.members),
        sites[0]?.afterLossOf.map(({ unschedulable: [one] }) => one?.members),
      ];
    };
    assert.deepEqual(tiny(106), [[], [undefined, undefined, undefined]]);
    assert.deepEqual(tiny(107), [[], [undefined, 1, 1]]);
    assert.deepEqual(tiny(213), [[1], [1, 107, 107]]);
    assert.deepEqual(tiny(213, 120), [[], [undefined, 97, 97]]);
  });

  it("says who finds no node at all, and why", () => {
    const unschedulable = (over: Parameters<typeof sample.workload>[0]) =>
      budget({ sites: [labelled] }, [sample.service("a/x", sample.workload(over))]).sites[0]?.unschedulable;
    assert.deepEqual(unschedulable({ members: { perSite: { a: 4 } }, runsOn: sample.apartOver("node") }), [
      {
        service: "a/x",
        workload: "main",
        members: 1,
        of: 4,
        because: "no node may have it",
        why: "required anti-affinity (3 nodes left, one member each)",
      },
    ]);
    assert.deepEqual(unschedulable({ requests: { memory: "9Gi", cpu: "1" } }), [
      {
        service: "a/x",
        workload: "main",
        members: 1,
        of: 1,
        because: "no room",
        why: "the node that comes closest lacks 1.5 GiB of memory",
      },
    ]);
    const why = "what stands on every node asks for 1 GiB of memory too much";
    assert.deepEqual(unschedulable({ members: { perNode: true }, requests: { memory: "3Gi", cpu: "1" } }), [
      { service: "a/x", workload: "main", members: 1, of: 3, because: "no room", why },
      { service: "a/kubernetes", workload: "server", members: 1, of: 1, because: "no room", why },
    ]);
  });

  it("never places more than a node has", () => {
    const workloads = fc.array(
      fc.record({ members: fc.integer({ min: 1, max: 4 }), memory: fc.integer({ min: 1, max: 6 }) }),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(workloads, (list) => {
        const services = list.map(({ members, memory }, i) =>
          sample.service(
            `a/s${i}`,
            sample.workload({
              members: { perSite: { a: members } },
              requests: { memory: `${memory}Gi`, cpu: "0" },
              runsOn: onAgents,
            }),
          ),
        );
        const [found] = budget({ sites: [labelled] }, services).sites;
        const missing = found!.unschedulable.reduce(
          (sum, each) => sum + each.members * list[Number(each.service.slice(3))]!.memory,
          0,
        );
        const asked = list.reduce((sum, { members, memory }) => sum + members * memory, 0);
        assert.ok(asked - missing <= 15, "two agents have 7.5 GiB each");
        if (asked > 15) assert.ok(missing > 0);
      }),
    );
  });
});
