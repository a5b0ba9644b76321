import assert from "node:assert/strict";
import type { NodeFacts, Workload } from "@isthmus/core";
import { budget } from "../capacity/budget.ts";
import * as sample from "../testing.ts";

const { everything, link, lostNode, lostSite, verdict } = sample;

/** Why a workload named main is as it is, when the first node of three is lost (or what is given). */
function why(over: Partial<Workload>, nodes: readonly NodeFacts[] = three(), failure = lostNode("n1")): string {
  const services = [sample.service("a/app", sample.workload(over))];
  return verdict(failure, "a/app", { topology: { sites: [sample.site("a", nodes)] }, services }).why;
}

function three(of: readonly Partial<NodeFacts>[] = []): NodeFacts[] {
  const server = sample.node("server", "a", { role: "server", taints: [controlPlane] });
  return [...[0, 1, 2].map((place) => sample.node(`n${place + 1}`, "a", of[place] ?? {})), server];
}

const controlPlane = { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" } as const;
const taint = { key: "zigbee", value: "yes", effect: "NoExecute" } as const;

describe("every reason why what is lost stays lost", () => {
  const lost = "its only member may be lost";

  it("taint: the nodes that are left have one that the pods do not tolerate", () => {
    assert.equal(
      why({}, three([{}, { taints: [taint] }, { taints: [taint] }])),
      `its only member is lost; no node takes it: taint zigbee=yes:NoExecute (2 nodes); taint node-role.kubernetes.io/control-plane:NoSchedule (1 node)`,
    );
  });

  it("node affinity: no other node has the label", () => {
    const required = [{ key: "gpu", values: ["one", "two"] }];
    assert.equal(
      why(
        { runsOn: { required, preferred: [], tolerations: [controlPlane], spread: [] } },
        three([{ labels: { gpu: "one" } }]),
      ),
      `its only member is lost; no node takes it: node affinity gpu in [one, two] (3 nodes)`,
    );
  });

  it("architecture: the image does not exist for the others", () => {
    assert.equal(
      why({ architectures: ["amd64"] }, three([{}, { architecture: "arm64" }, { architecture: "arm64" }])),
      `its only member is lost; no node takes it: no image for arm64 (2 nodes); taint node-role.kubernetes.io/control-plane:NoSchedule (1 node)`,
    );
  });

  it("anti-affinity: the nodes that are left have a member each; a tainted one is told as such", () => {
    const voters = {
      members: { perSite: { a: 3 } },
      writes: { kind: "all" },
      runsOn: sample.apartOver("node"),
    } as const;
    assert.equal(
      why(voters),
      "1 of 3 members lost, 2 left, writing needs 3; no node takes it: required anti-affinity (2 nodes left, one member each); taint node-role.kubernetes.io/control-plane:NoSchedule (1 node)",
    );
    const hosts = three([{ host: "h1" }, { host: "h2" }, { host: "h2" }]);
    assert.match(
      why(
        {
          ...voters,
          members: { perSite: { a: 2 } },
          writes: { kind: "atLeast", members: 2 },
          runsOn: sample.apartOver("host"),
        },
        hosts,
      ),
      /required anti-affinity \(1 host left, one member each\); taint/,
    );
  });

  it("node-local volume: the data is on what is lost", () => {
    assert.equal(why({ stores: sample.localDisk }), `${lost}; its volume is node-local, on what is lost`);
  });

  it("a stuck pod: of a StatefulSet, or one whose volume is not freed", () => {
    assert.match(why({ controller: "StatefulSet" }), /the StatefulSet's pod stays Terminating on the lost node/);
    assert.match(
      why({ stores: { ...sample.longhorn, freedFromDeadNode: false } }),
      /its volume stays attached to the lost node until the pod there is deleted by force/,
    );
  });

  it("no room: how much is missing, of memory, cores and pods", () => {
    const small = three([{ memory: "64Gi" }, { memory: "3Gi" }, { memory: "2Gi" }]);
    // 3 GiB less 512 MiB for the system: 1.5 of 4 GiB are missing.
    assert.equal(
      why({ requests: { memory: "4Gi", cpu: "1" } }, small),
      `${lost}; no room: the node that comes closest lacks 1.5 GiB of memory`,
    );
    // 2 cores less 150m for the system.
    assert.match(
      why({ requests: { memory: "1Gi", cpu: "3" } }, three([{}, { cpu: "2" }, { cpu: "1" }])),
      /no room: the node that comes closest lacks 1\.15 cores$/,
    );
    assert.match(why({}, three([{}, { maxPods: 4 }, { maxPods: 4 }])), /lacks room for 1 pod$/);
  });

  it("one on every node, a person, a site, a cut", () => {
    const all = { members: { perNode: true }, writes: { kind: "all" } } as const;
    assert.match(why(all), /^1 of 3 members lost, 2 left, writing needs 3; it runs on what is lost and does not move$/);
    const sealed = { restarts: { by: "person", steps: ["unseal"] } } as const;
    assert.equal(why(sealed), `${lost}; each restart needs manual action`);
    assert.match(why(sealed, three(), everything), /; each restart needs manual action$/);
    assert.equal(why({}, three(), lostSite("a")), "all of it is at a; nothing moves to another site");
    const spanning = [
      sample.service("app", sample.workload({ members: { perSite: { a: 1, b: 1 } }, writes: { kind: "all" } })),
    ];
    assert.match(
      verdict(lostSite("a"), "app", spanning).why,
      /^1 of 2 members lost, .*; nothing moves to another site$/,
    );
    assert.match(verdict(link, "app", spanning).why, /^a is .*1 of 2 members out of reach/);
  });
});

describe("who finds no node in a budget", () => {
  const whys = (over: Partial<Workload>, nodes = three()) => {
    const services = [sample.service("a/app", sample.workload(over))];
    const { unschedulable, afterLossOf } = budget({ sites: [sample.site("a", nodes)] }, services).sites[0] ?? {};
    return [unschedulable, afterLossOf?.[0]?.unschedulable].map((all) => all?.map((each) => each.why));
  };

  it("is told why in Kubernetes' terms, or what is missing", () => {
    const voters = { members: { perSite: { a: 3 } }, runsOn: sample.apartOver("node") };
    assert.deepEqual(whys(voters), [
      [],
      [
        "required anti-affinity (2 nodes left, one member each); taint node-role.kubernetes.io/control-plane:NoSchedule (1 node)",
      ],
    ]);
    assert.deepEqual(whys({ requests: { memory: "40Gi", cpu: "1" } }), [
      ["the node that comes closest lacks 8.5 GiB of memory"],
      ["the node that comes closest lacks 8.5 GiB of memory"],
    ]);
    const everywhere = { members: { perNode: true }, requests: { memory: "32Gi", cpu: "1" } } as const;
    assert.deepEqual(whys(everywhere)[0], ["what stands on every node asks for 512 MiB of memory too much"]);
  });
});
