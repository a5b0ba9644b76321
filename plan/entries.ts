import { nodesOn, topologyKey, type Footprint, type SiteTopology, type Workload } from "@isthmus/core";

/**
 * The nodes at whose addresses a service's ports are reached, as a workload: one of them that answers is enough, because
 * kube-proxy forwards from each to wherever the pods are, and clients try the next address of the name. It is part of what
 * survives a failure, and of nothing else: nothing is deployed for it.
 */
export function entriesOf(footprint: Footprint, topology: SiteTopology): Workload[] {
  return (footprint.ports ?? []).map(({ name, network }) => {
    const nodes = nodesOn(topology, network).map(({ node }) => node);
    return {
      name: `${name} at nodes' addresses`,
      controller: "host",
      members: { perNode: true },
      selector: {},
      requests: { memory: "0Mi", cpu: "0" },
      limits: { memory: "0Mi" },
      architectures: ["amd64", "arm64"],
      uses: [],
      reads: { kind: "any" },
      writes: { kind: "any" },
      restarts: { by: "itself", within: "2m" },
      runsOn: {
        required: [{ key: topologyKey.node, values: nodes.map((node) => node.name) }],
        preferred: [],
        tolerations: nodes.flatMap((node) => node.taints),
        spread: [],
      },
      reaches: [],
    };
  });
}
