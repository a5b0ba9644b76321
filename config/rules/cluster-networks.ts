import { below, type Finding } from "@isthmus/core";
import type { Model, SiteModel } from "../load.ts";
import { defineRule } from "../rules.ts";

const clusterNetworkSizeRule = defineRule({
  id: "cluster-network-size",
  severity: "high",
  summary: "The pods' and services' networks have room for the nodes, and a size that Kubernetes takes.",
  fix: "Write a network of the size that is named: in a cluster that runs it cannot be changed.",
  docs: "docs/reference/site.md#kubernetes",
});

/** A node takes a /24 of the pods' network: `--node-cidr-mask-size-ipv4` of kube-controller-manager, which k3s leaves as it is. */
const nodePrefix = 24;
/** https://github.com/kubernetes/kubernetes/blob/v1.34.3/pkg/controller/nodeipam/ipam/cidrset/cidr_set.go (`clusterSubnetMaxDiff`) */
const widestPods = nodePrefix - 16;
/** https://github.com/kubernetes/kubernetes/blob/v1.34.3/cmd/kube-apiserver/app/options/validation.go (`maxCIDRBits`) */
const widestServices = 32 - 20;
/** k3s gives cluster DNS the tenth address: https://github.com/k3s-io/k3s/blob/v1.34.3%2Bk3s1/pkg/cli/server/server.go */
const narrowestServices = 28;

/** Networks inside a cluster have room for its nodes, and a size that Kubernetes takes. They cannot be changed later. */
export function checkClusterNetworks({ sites }: Model): Finding[] {
  return sites.flatMap((site) => [...pods(site), ...services(site)]);
}

const prefixOf = (cidr: string): number => Number(cidr.split("/")[1]);

function pods(site: SiteModel): Finding[] {
  const { clusterCidr } = site.kubernetes;
  const prefix = prefixOf(clusterCidr);
  const at = below(site.from, "kubernetes", "clusterCidr");
  if (prefix < widestPods)
    return [
      {
        rule: clusterNetworkSizeRule.id,
        at,
        problem: `"${clusterCidr}" is wider than Kubernetes takes`,
        fix: `write a network of /${widestPods} to /${nodePrefix}: each node takes a /${nodePrefix} of it`,
      },
    ];
  const room = prefix > nodePrefix ? 0 : 2 ** (nodePrefix - prefix);
  const nodes = Object.keys(site.nodes).length;
  if (nodes <= room) return [];
  const needed = nodePrefix - Math.ceil(Math.log2(nodes));
  return [
    {
      rule: clusterNetworkSizeRule.id,
      at,
      problem: `"${clusterCidr}" has room for ${room} nodes, each with a /${nodePrefix} for its pods, and there are ${nodes}`,
      fix: `write a network of /${needed} or wider; of a cluster that runs it cannot be changed`,
    },
  ];
}

function services(site: SiteModel): Finding[] {
  const { serviceCidr } = site.kubernetes;
  const prefix = prefixOf(serviceCidr);
  if (prefix >= widestServices && prefix <= narrowestServices) return [];
  const why =
    prefix < widestServices ? "is wider than the API server takes" : "has no tenth address, which cluster DNS has";
  return [
    {
      rule: clusterNetworkSizeRule.id,
      at: below(site.from, "kubernetes", "serviceCidr"),
      problem: `"${serviceCidr}" ${why}`,
      fix: `write a network of /${widestServices} to /${narrowestServices}`,
    },
  ];
}
