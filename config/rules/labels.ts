import { below, controlPlaneTaint, topologyKey, type Finding } from "@isthmus/core";
import { carriesWorkloads } from "../complete.ts";
import type { Model, SiteModel } from "../load.ts";
import { defineRule } from "../rules.ts";

const reservedLabelRule = defineRule({
  id: "reserved-label",
  severity: "medium",
  summary: "Labels that follow from where a node stands are not set by hand.",
  fix: "Remove it, or choose a label of your own.",
  docs: "docs/reference/site.md#nodes",
});

const reservedTaintRule = defineRule({
  id: "reserved-taint",
  severity: "high",
  summary: "Taints that Kubernetes sets and takes away by itself are not set by hand.",
  fix: "Remove it, or choose a taint of your own.",
  docs: "docs/reference/site.md#nodes",
});

const taintTwiceRule = defineRule({
  id: "taint-twice",
  severity: "medium",
  summary: "A node has each taint once.",
  fix: "Leave one of them.",
  docs: "docs/reference/site.md#nodes",
});

/** Labels and taints that others write would not stay; a taint that is there twice is refused when the node joins. */
export function checkLabels({ sites }: Model): Finding[] {
  return sites.flatMap((site) => [...ownLabels(site), ...ownTaints(site), ...taintsTwice(site)]);
}

/**
 * Labels that follow from where a node stands, and those that the kubelet and k3s write at each start
 * (https://github.com/kubernetes/kubernetes/blob/v1.34.3/pkg/kubelet/kubelet_node_status.go, `updateDefaultLabels`;
 * https://docs.k3s.io/cli/server): another value would be overwritten, and never be seen.
 */
const reservedLabels: readonly string[] = [
  ...Object.values(topologyKey),
  "kubernetes.io/os",
  "beta.kubernetes.io/arch",
  "beta.kubernetes.io/os",
  "failure-domain.beta.kubernetes.io/region",
  "failure-domain.beta.kubernetes.io/zone",
  "node-role.kubernetes.io/control-plane",
  "node-role.kubernetes.io/etcd",
  "isthmus/machine",
];

function ownLabels(site: SiteModel): Finding[] {
  return Object.entries(site.nodes).flatMap(([name, { labels }]) =>
    Object.keys(labels)
      .filter((key) => reservedLabels.includes(key))
      .map((key) => ({
        rule: reservedLabelRule.id,
        at: below(site.from, "nodes", name, "labels", key),
        problem: `"${key}" is set by itself, from the node's name, host, site, role, architecture or operating system`,
        fix: "remove it, or choose a label of your own",
      })),
  );
}

/**
 * Taints by which Kubernetes says how a node is: it sets and takes them off itself.
 * https://kubernetes.io/docs/reference/labels-annotations-taints/
 */
const conditions: readonly string[] = [
  "node.kubernetes.io/not-ready",
  "node.kubernetes.io/unreachable",
  "node.kubernetes.io/memory-pressure",
  "node.kubernetes.io/disk-pressure",
  "node.kubernetes.io/pid-pressure",
  "node.kubernetes.io/network-unavailable",
  "node.kubernetes.io/unschedulable",
  "node.cloudprovider.kubernetes.io/uninitialized",
  "node.cloudprovider.kubernetes.io/shutdown",
];

function ownTaints(site: SiteModel): Finding[] {
  return Object.entries(site.nodes).flatMap(([name, { taints }]) =>
    taints.flatMap(({ key }, index) =>
      conditions.includes(key)
        ? [
            {
              rule: reservedTaintRule.id,
              at: below(site.from, "nodes", name, "taints", `${index}`),
              problem: `"${key}" is how Kubernetes marks a node that is not well, and it takes the taint off again`,
              fix: "choose a key of your own, such as reserved:NoSchedule",
            },
          ]
        : [],
    ),
  );
}

/** Kubernetes knows a taint by key and effect. The control plane's own is there where servers carry no workloads. */
function taintsTwice(site: SiteModel): Finding[] {
  return Object.entries(site.nodes).flatMap(([name, { role, taints }]) => {
    const ours = role === "server" && !carriesWorkloads(site) ? [controlPlaneTaint] : [];
    const all = [...ours, ...taints].map(({ key, effect }) => `${key}:${effect}`);
    return all.flatMap((one, index) =>
      all.indexOf(one) === index
        ? []
        : [
            {
              rule: taintTwiceRule.id,
              at: below(site.from, "nodes", name, "taints", `${index - ours.length}`),
              problem: `"${one}" is ${all.indexOf(one) < ours.length ? "on servers by itself (workloadsOnServers is false)" : "there twice"}: a node has one taint of a key and effect`,
              fix: "remove it",
            },
          ],
    );
  });
}
