import assert from "node:assert/strict";
import fc from "fast-check";
import { registrationFile } from "../files/config.ts";
import { joinOrder, type K3sNode } from "./node.ts";
import { installParameters, memberParameters } from "./parameters.ts";
import { clusterIdentifier, joinCandidates, planCluster, plannedNodes } from "./plan.ts";
import { agentNode, serverNode, settingsOf, sixNodes } from "../testing.ts";

const nodesOf = (servers: number, agents: number): K3sNode[] => [
  ...Array.from({ length: servers }, (_, index) => serverNode(index + 1)),
  ...Array.from({ length: agents }, (_, index) => ({
    ...agentNode(1),
    name: `agent-${String(index + 1)}`,
    address: `10.0.21.${String(index + 1)}`,
  })),
];

describe("the order of joining", () => {
  it("for three servers and five agents in two lanes is exactly this", () => {
    const { servers, lanes } = joinOrder(nodesOf(3, 5), 2);
    assert.deepEqual(
      servers.map(({ name }) => name),
      ["server-1", "server-2", "server-3"],
    );
    assert.deepEqual(
      lanes.map((lane) => lane.map(({ name }) => name)),
      [
        ["agent-1", "agent-3", "agent-5"],
        ["agent-2", "agent-4"],
      ],
    );
  });

  it("has every node once, servers one by one, and never more lanes than allowed", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 1, max: 9 }),
        (s, a, width) => {
          const nodes = nodesOf(s, a);
          const { servers, lanes } = joinOrder(nodes, width);
          assert.deepEqual(
            [...servers, ...lanes.flat()].map(({ name }) => name).sort(),
            nodes.map(({ name }) => name).sort(),
          );
          assert.ok(servers.every(({ role }) => role === "server"));
          assert.ok(lanes.length <= width);
          const sizes = lanes.map((lane) => lane.length);
          assert.ok(Math.max(0, ...sizes) - Math.min(...sizes, Infinity) <= 1 || sizes.length === 0);
        },
      ),
    );
  });
});

describe("a node that comes or goes", () => {
  const filesByNode = (nodes: readonly K3sNode[]): Record<string, string> =>
    Object.fromEntries(
      plannedNodes(planCluster({ name: "site-a", nodes, settings: settingsOf() })).map(({ node, files }) => [
        node.name,
        JSON.stringify([files, registrationFile(node, "m")]),
      ]),
    );

  it("changes no file of any other node", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 8 }), fc.nat(), (s, a, pick) => {
        const nodes = nodesOf(s, a);
        const gone = nodes[pick % nodes.length];
        const before = filesByNode(nodes);
        const after = filesByNode(nodes.filter((node) => node !== gone));
        for (const [name, files] of Object.entries(after)) assert.equal(files, before[name]);
      }),
    );
  });

  it("changes nothing that any other node is told when it is installed", () => {
    const live = { machine: "m", ca: "K10", servers: ["10.0.20.11"], adopt: false };
    const told = (nodes: readonly K3sNode[]): Record<string, unknown> => {
      const plan = planCluster({ name: "site-a", nodes, settings: settingsOf() });
      return Object.fromEntries(
        plannedNodes(plan).map((node) => [node.node.name, installParameters(plan, node, live)]),
      );
    };
    const before = told(sixNodes);
    for (const gone of sixNodes) {
      const after = told(sixNodes.filter((node) => node !== gone));
      for (const [name, parameters] of Object.entries(after)) assert.deepEqual(parameters, before[name]);
    }
  });
});

describe("where a node looks for its cluster", () => {
  const servers = ["10.0.20.11", "10.0.20.12"];

  it("a server asks the servers and then the API address, an agent the other way round", () => {
    assert.deepEqual(joinCandidates(serverNode(3), "10.0.20.10", servers), [...servers, "10.0.20.10"]);
    assert.deepEqual(joinCandidates(agentNode(1), "10.0.20.10", servers), ["10.0.20.10", ...servers]);
  });

  it("names an address once, and IPv6 as a URL wants it", () => {
    assert.deepEqual(joinCandidates(agentNode(1), "fd00::1", ["[fd00::1]"]), ["[fd00::1]"]);
  });
});

describe("what a node is told", () => {
  const plan = planCluster({ name: "site-a", nodes: sixNodes, settings: settingsOf() });

  it("where the files are: GitHub, a mirror or a folder, by the version's name", () => {
    const sourceOf = (source: Parameters<typeof settingsOf>[0]): unknown[] => {
      const cluster = planCluster({ name: "a", nodes: sixNodes, settings: settingsOf(source) });
      const [first] = cluster.order.servers;
      assert.ok(first);
      const { SOURCE, INSTALLER } = installParameters(cluster, first, {
        machine: "m",
        ca: "",
        servers: [],
        adopt: false,
      });
      return [SOURCE, INSTALLER];
    };
    assert.deepEqual(sourceOf({}), [
      "https://github.com/k3s-io/k3s/releases/download/v1.34.3%2Bk3s1",
      "https://raw.githubusercontent.com/k3s-io/k3s/v1.34.3%2Bk3s1/install.sh",
    ]);
    assert.deepEqual(sourceOf({ source: { url: "http://10.0.20.2/k3s/" } }), [
      "http://10.0.20.2/k3s/v1.34.3%2Bk3s1",
      "http://10.0.20.2/k3s/v1.34.3%2Bk3s1/install.sh",
    ]);
    assert.deepEqual(sourceOf({ source: { folder: "/srv/k3s" } }), [
      "/srv/k3s/v1.34.3+k3s1",
      "/srv/k3s/v1.34.3+k3s1/install.sh",
    ]);
  });

  it("of the members: names, machines, labels and taints side by side, by name", () => {
    const { NODES, MACHINES, LABELS, TAINTS } = memberParameters(plan, { "agent-1": "m1", "server-3": "m2" });
    assert.deepEqual(NODES, ["agent-1", "agent-2", "agent-3", "server-1", "server-2", "server-3"]);
    assert.deepEqual(MACHINES, ["m1", "", "", "", "", "m2"]);
    assert.equal((LABELS as string[])[0], "storage=ssd topology.kubernetes.io/zone=pve-1");
    assert.equal((TAINTS as string[])[5], "node-role.kubernetes.io/control-plane=:NoSchedule");
  });
});

describe("a cluster's identifier", () => {
  it("stays the same whatever changes but its name and its networks", () => {
    const before = clusterIdentifier("site-a", settingsOf());
    assert.equal(before, clusterIdentifier("site-a", settingsOf({ version: "v1.35.0+k3s1", agentLanes: 9 })));
    assert.notEqual(before, clusterIdentifier("site-b", settingsOf()));
    assert.notEqual(before, clusterIdentifier("site-a", settingsOf({ clusterCidr: "10.44.0.0/16" })));
    assert.match(before, /^site-a-[0-9a-f]{8}$/);
  });
});
