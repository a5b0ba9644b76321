import assert from "node:assert/strict";
import { needsOf, siteFacts, usualFacts } from "../../tests/kits/proofs/site-facts.ts";
import { entryAddresses, entryClaims, entryPort, entryRequires, entryService, entryShape, nodesOn } from "./entry.ts";

const onNodes = entryShape.parse({ network: "overlay", port: 30010 });
const onPool = entryShape.parse({ pool: "private", address: "10.0.20.211" });
const names = { name: "app", hostName: "app.home.arpa", from: "Pulumi.home.yaml#/services/app/reach" } as const;

describe("an entry", () => {
  it("on nodes is a NodePort that needs no load balancer, and no address in a certificate", () => {
    assert.deepEqual(entryService(onNodes, needsOf({})), { type: "NodePort", nodePort: 30010, annotations: {} });
    assert.deepEqual([entryRequires(onNodes), entryAddresses(onNodes), entryPort(onNodes, 9000)], [[], [], 30010]);
    assert.deepEqual(entryClaims(onNodes, names), {
      addresses: [],
      ports: [
        {
          name: "app",
          hostName: "app.home.arpa",
          network: "overlay",
          port: 30010,
          from: "Pulumi.home.yaml#/services/app/reach/port",
        },
      ],
    });
  });

  it("on a pool asks the load balancer for its address", () => {
    const annotations = { "metallb.io/loadBalancerIPs": "10.0.20.211" };
    assert.deepEqual(entryService(onPool, needsOf(usualFacts)), { type: "LoadBalancer", annotations });
    assert.deepEqual(
      [entryRequires(onPool), entryAddresses(onPool), entryPort(onPool, 9000)],
      [["loadBalancer"], ["10.0.20.211"], 9000],
    );
    assert.equal(entryClaims(onPool, names).addresses[0]?.from, "Pulumi.home.yaml#/services/app/reach/address");
  });

  it("takes only ports that nothing else on a node can hold: k3s', the host's, and those that Kubernetes hands out are refused", () => {
    // The static band of 30000-32767 is 86 ports wide: https://kubernetes.io/blog/2023/05/11/nodeport-dynamic-and-static-allocation/
    for (const port of [30000, 30085]) assert.ok(entryShape.safeParse({ network: "site", port }).success, `${port}`);
    for (const port of [22, 2379, 6443, 8472, 9100, 10250, 29999, 30086, 32767, 30010.5])
      assert.equal(entryShape.safeParse({ network: "site", port }).success, false, `${port}`);
  });

  it("is reached at every node that has an address on the network, servers among them", () => {
    const { topology } = siteFacts();
    const [first, ...others] = topology.nodes;
    assert.ok(first);
    const one = { ...topology, nodes: [{ ...first, overlayAddress: undefined }, ...others] };
    assert.deepEqual(
      nodesOn(one, "overlay").map(({ address }) => address),
      ["10.147.17.12", "10.147.17.13", "10.147.17.21", "10.147.17.22", "10.147.17.23"],
    );
    assert.equal(nodesOn(one, "site")[0]?.address, "10.0.20.11");
  });
});
