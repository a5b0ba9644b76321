import assert from "node:assert/strict";
import { assess } from "@isthmus/availability";
import { sampleModel } from "../config/testing.ts";
import { catalogue } from "./catalogue.ts";
import { footprintOf, planFleet } from "./fleet.ts";
import type { SitePlan } from "./plans.ts";

/** Two sites of two machines, where Vault of home is reached over the overlay. */
function sitesWith(overlay: readonly string[]): SitePlan[] {
  const { sites } = planFleet(sampleModel("two-sites", catalogue));
  return sites.map((plan) => {
    if (plan.facts.name !== "home") return plan;
    const nodes = plan.facts.topology.nodes.map((node) =>
      overlay.includes(node.name) ? node : { ...node, overlayAddress: undefined },
    );
    const ports = [
      {
        name: "app",
        network: "overlay" as const,
        port: 30010,
        hostName: "app.home.home.arpa",
        from: "Pulumi.home.yaml#/services/metallb/reach/port" as const,
      },
    ];
    // The speaker of metallb runs on every node and one is enough: only the entry decides.
    const services = plan.services.map((service) =>
      service.instance === "metallb" ? { ...service, footprint: { ...service.footprint, ports } } : service,
    );
    return { ...plan, facts: { ...plan.facts, topology: { ...plan.facts.topology, nodes } }, services };
  });
}

function stateAfter(overlay: readonly string[], kind: string, node?: string): string | undefined {
  const told = assess(footprintOf(sitesWith(overlay))).filter(
    ({ service, failure }) => service === "home/metallb" && failure.kind === kind,
  );
  const found = told.find(({ failure }) => node === undefined || ("node" in failure && failure.node === node));
  return found?.sites?.["home"]?.after ?? found?.after;
}

describe("a service that is reached at nodes' addresses", () => {
  it("goes on without one of them, while another one answers", () => {
    for (const node of ["home-1", "home-2"])
      assert.notEqual(stateAfter(["home-1", "home-2"], "node", node), "down", node);
  });

  it("is down without the only node that answers, and with any other node lost it is not", () => {
    assert.equal(stateAfter(["home-1"], "node", "home-1"), "down");
    assert.notEqual(stateAfter(["home-1"], "node", "home-2"), "down");
  });

  it("serves its own site while the link between the sites is cut", () => {
    assert.notEqual(stateAfter(["home-1", "home-2"], "link"), "down");
  });
});
