import assert from "node:assert/strict";
import * as sample from "../testing.ts";

import { course, lostNode, lostSite, verdict } from "../testing.ts";

describe("a single replica", () => {
  it("without data moves within minutes", () => {
    const found = verdict(lostNode("a-agent-1"), "a/web", [sample.service("a/web", sample.workload())]);
    assert.equal(course(found), "down → full");
    assert.equal(found.returns.by === "itself" && found.returns.within, 380);
    assert.equal(found.why, "its only member may be lost; what is lost starts on another node");
  });

  it("with a local disk waits for a person, and its data is at risk", () => {
    const local = sample.workload({ stores: sample.localDisk });
    const found = verdict(lostNode("a-agent-1"), "a/web", [sample.service("a/web", local)]);
    assert.equal(course(found), "down → down");
    assert.deepEqual(found.returns, { by: "person", steps: ["repair or replace the lost node"] });
    assert.equal(found.dataAtRisk, "its data: all of it if the lost disks are gone for good (no backup: a test)");
  });

  it("with a volume that is freed from a dead node moves, later", () => {
    const moving = sample.workload({ stores: sample.longhorn });
    const found = verdict(lostNode("a-agent-1"), "a/web", [sample.service("a/web", moving)]);
    assert.equal(course(found), "down → full");
    assert.equal(found.returns.by === "itself" && found.returns.within, 740);
    assert.equal(found.dataAtRisk, undefined);
    assert.equal(
      verdict(lostSite("a"), "a/web", [sample.service("a/web", moving)]).dataAtRisk,
      "its data: what is newer than the last backup (Velero to site b, every 1d) if the site's disks are gone for good",
    );
  });

  it("among two that stand apart does not move where the one that is left has the only room", () => {
    const large = { requests: { memory: "20Gi", cpu: "1" } } as const;
    const pair = sample.workload({ ...large, members: { perSite: { a: 2 } }, runsOn: sample.apartOver("node") });
    const services = [sample.service("a/pair", pair), sample.service("a/other", sample.workload(large))];
    const agents = sample.plainSite("a", 0, 3).nodes;
    const server = sample.node("server", "a", { role: "server", memory: "4Gi" });
    const found = verdict(lostNode("a-agent-1"), "a/pair", {
      services,
      topology: { sites: [sample.site("a", [...agents, server])] },
    });
    assert.equal(course(found), "degraded → degraded");
    assert.deepEqual(found.untilFull, ["make room for main (8.5 GiB of memory more on one node), or add a node"]);
  });

  it("hangs on a dead node where nothing frees its pod", () => {
    for (const stuck of [
      sample.workload({ controller: "StatefulSet" }),
      sample.workload({ stores: { ...sample.longhorn, freedFromDeadNode: false } }),
    ]) {
      const found = verdict(lostNode("a-agent-1"), "a/web", [sample.service("a/web", stuck)]);
      assert.equal(course(found), "down → down");
      assert.match(found.untilFull[0] ?? "", /^when the lost node is off for certain, delete the pod of main/);
    }
  });

  it("does not move without a control plane", () => {
    const topology = { sites: [sample.plainSite("a", 1, 2)] };
    const found = verdict(lostNode("a-server-1"), "a/web", {
      services: [sample.service("a/web", sample.workload())],
      topology,
    });
    assert.equal(course(found), "down → down");
    assert.match(found.why, /a\/web needs scheduling of a\/kubernetes to start/);
  });

  it("does not move where no other node may have it, or has room", () => {
    const labelled = sample.site("a", [
      ...sample.plainSite("a", 3, 1).nodes,
      sample.node("gpu", "a", { labels: { gpu: "yes" } }),
    ]);
    const picky = sample.workload({
      runsOn: { required: [{ key: "gpu", values: ["yes"] }], preferred: [], tolerations: [], spread: [] },
    });
    const nowhere = verdict(lostNode("gpu"), "a/web", {
      services: [sample.service("a/web", picky)],
      topology: { sites: [labelled] },
    });
    assert.match(nowhere.why, /; no node takes it: node affinity gpu in \[yes\] \(4 nodes\)$/);

    const huge = sample.workload({ requests: { memory: "30Gi", cpu: "1" } });
    const two = [sample.service("a/one", huge), sample.service("a/two", huge)];
    const small = { sites: [sample.plainSite("a", 0, 2)] };
    small.sites[0] = sample.site("a", [
      ...small.sites[0]!.nodes,
      sample.node("server", "a", { role: "server", memory: "4Gi" }),
    ]);
    const full = verdict(lostNode("a-agent-1"), "a/one", { services: two, topology: small });
    assert.equal(course(full), "down → down");
    assert.match(full.why, /; no room: the node that comes closest lacks 28 GiB of memory/);
  });
});
