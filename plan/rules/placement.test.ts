import assert from "node:assert/strict";
import type { SiteFacts, Workload } from "@isthmus/core";
import { sampleModel } from "../../config/testing.ts";
import { catalogue } from "../catalogue.ts";
import { madeUpWorkload } from "../testing.ts";
import type { ServicePlan } from "../service-plans.ts";
import { siteFacts } from "../site-facts.ts";
import { checkPlacement } from "./placement.ts";

const model = sampleModel("three-raspberry-pis", catalogue);
/** One server, tainted, and two agents, all of them Raspberry Pis with 4 cores and 8 GiB. */
const home = siteFacts(model.sites[0]!, model);
const runsOn = madeUpWorkload().runsOn;

function told(changes: Partial<Workload>, site: SiteFacts = home) {
  const workload = madeUpWorkload(changes);
  const plan: ServicePlan = {
    instance: "app",
    service: "made-up",
    namespace: "app",
    footprint: { workloads: [workload], routes: [], addresses: [], podSecurity: "restricted" },
    privileges: {},
    releases: [],
    objects: [],
    generates: [],
    offers: {},
    exports: {},
    afterwards: [],
    providers: {},
    from: "Pulumi.home.yaml#/services/app",
  };
  return checkPlacement([plan], site).map(({ rule, problem, fix, at }) => {
    assert.equal(at, plan.from);
    return [rule, problem, fix];
  });
}

const withLabels = (node: string, labels: Record<string, string>): SiteFacts => ({
  ...home,
  topology: {
    ...home.topology,
    nodes: home.topology.nodes.map((each) =>
      each.name === node ? { ...each, labels: { ...each.labels, ...labels } } : each,
    ),
  },
});

describe("placement", () => {
  it("accepts what finds a node", () => {
    assert.deepEqual(told({}), []);
  });

  it("tells a label that nobody has", () => {
    const required = { runsOn: { ...runsOn, required: [{ key: "storage", values: ["fast", "slow"] }] } };
    const [[rule, problem, fix] = []] = told(required);
    assert.equal(rule, "label-nobody-has");
    assert.equal(problem, "app's server requires the label storage=fast|slow, and no node of home has it");
    assert.match(fix ?? "", /^add it to the nodes that may run this: nodes\.<name>\.labels: \{storage: "fast"\}$/);
    assert.deepEqual(told(required, withLabels("pi-2", { storage: "slow" })), []);
    assert.equal(told(required, withLabels("pi-2", { storage: "medium" })).length, 1);
  });

  it("tells each label that nobody has, and nothing that follows from it", () => {
    const required = [
      { key: "storage", values: ["fast"] },
      { key: "gpu", values: ["yes"] },
    ];
    const rules = told({ members: { perSite: { home: 9 } }, runsOn: { ...runsOn, required } }).map(([rule]) => rule);
    assert.deepEqual(rules, ["label-nobody-has", "label-nobody-has"]);
  });

  it("does not take a label on a node that it may not run on for enough", () => {
    const required = { runsOn: { ...runsOn, required: [{ key: "storage", values: ["fast"] }] } };
    assert.deepEqual(
      told(required, withLabels("pi-1", { storage: "fast" })).map(([rule]) => rule),
      ["too-few-nodes"],
    );
  });

  it("tells an image without the CPU architecture of any node that it may run on", () => {
    assert.deepEqual(told({ architectures: ["amd64"] }), [
      [
        "architecture-missing",
        "app's server has images for amd64 only, and it would run on pi-2 (arm64), pi-3 (arm64)",
        "add a node with amd64 to home",
      ],
    ]);
  });

  it("tells one that runs on every node, where it lacks the architecture of one of them", () => {
    const mixed: SiteFacts = {
      ...home,
      topology: {
        ...home.topology,
        nodes: home.topology.nodes.map((node) => (node.name === "pi-2" ? { ...node, architecture: "amd64" } : node)),
      },
    };
    assert.deepEqual(told({ architectures: ["amd64"] }, mixed), []);
    assert.deepEqual(told({ architectures: ["amd64"], members: { perNode: true } }, mixed), [
      [
        "architecture-missing",
        "app's server has images for amd64 only, and it would run on pi-3 (arm64)",
        "keep it off these nodes of home with a taint, or use a service whose image exists for them",
      ],
    ]);
  });

  it("tells fewer nodes, or physical hosts, than members that must keep apart", () => {
    const apart = (over: "node" | "host" | "site", members: number): Partial<Workload> => ({
      members: { perSite: { home: members } },
      runsOn: { ...runsOn, spread: [{ over, required: true }] },
    });
    assert.deepEqual(told(apart("node", 2)), []);
    assert.deepEqual(told(apart("node", 3)), [
      [
        "too-few-nodes",
        "app's server has 3 members that must not share one of the nodes, and 2 may run them (pi-2, pi-3)",
        "lower it to 1, or add 1 more",
      ],
    ]);
    const oneHost: SiteFacts = {
      ...home,
      topology: { ...home.topology, nodes: home.topology.nodes.map((node) => ({ ...node, host: "cellar" })) },
    };
    assert.match(
      told(apart("host", 2), oneHost)[0]?.[1] ?? "",
      /2 members .* physical hosts, and 1 may run them \(cellar\)/,
    );
    assert.deepEqual(told(apart("site", 3)), []);
    const preferred = {
      ...apart("node", 3),
      runsOn: { ...runsOn, spread: [{ over: "node", required: false }] },
    } as const;
    assert.deepEqual(told(preferred), []);
  });

  it("tells members that are larger than any node", () => {
    assert.deepEqual(told({ requests: { memory: "8Gi", cpu: "4" } }), []);
    assert.deepEqual(
      told({ requests: { memory: "9Gi", cpu: "4500m" } }).map(([rule]) => rule),
      ["node-too-small", "node-too-small"],
    );
  });

  it("is silent where there is no node at all: that is told already", () => {
    assert.deepEqual(told({}, { ...home, topology: { name: "home", hosts: [], nodes: [] } }), []);
  });
});
