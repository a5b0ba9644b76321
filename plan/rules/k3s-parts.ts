import { below, type Finding } from "@isthmus/core";
import type { SiteModel } from "../../config/load.ts";
import type { ServicePlan } from "../service-plans.ts";
import { defineRule } from "../rules.ts";

const k3sPartTwiceRule = defineRule({
  id: "k3s-part-twice",
  severity: "high",
  summary: "k3s' own parts do not do what a service does.",
  fix: "Add the part to kubernetes.disable, or take the service out.",
  docs: "docs/reference/site.md#kubernetes",
});

const k3sPartMissingRule = defineRule({
  id: "k3s-part-missing",
  severity: "high",
  summary: "Parts of k3s that are used are not disabled.",
  fix: "Take the part out of kubernetes.disable.",
  docs: "docs/reference/site.md#kubernetes",
});

/** Parts that k3s brings unless they are disabled: what of ours needs one, and what of ours does the same work. */
export function checkK3sParts(
  site: Pick<SiteModel, "kubernetes" | "from">,
  services: readonly ServicePlan[],
): Finding[] {
  const { disable } = site.kubernetes;
  const at = below(site.from, "kubernetes", "disable");
  const rivals = (capability: (name: string) => boolean): string[] =>
    services.filter(({ offers }) => Object.keys(offers).some(capability)).map(({ instance }) => instance);
  const named = services
    .filter(({ footprint }) => footprint.workloads.length > 0 && footprint.looksNamesUp !== false)
    .map(({ instance }) => instance);
  const [balancers, ingresses] = [
    rivals((name) => name === "loadBalancer"),
    rivals((name) => name.startsWith("ingress/")),
  ];
  const twice = (part: "servicelb" | "traefik", rival: readonly string[], problem: string): Finding[] =>
    disable.includes(part) || rival.length === 0
      ? []
      : [
          {
            rule: k3sPartTwiceRule.id,
            at,
            problem,
            fix: `add ${part} to kubernetes.disable, or take out ${rival.join(", ")}`,
          },
        ];
  return [
    ...(disable.includes("coredns") && named.length > 0
      ? [
          {
            rule: k3sPartMissingRule.id,
            at,
            problem: `kubernetes.disable has "coredns", and pods of ${named.join(", ")} look names up: nobody would answer`,
            fix: "take coredns out of kubernetes.disable",
          },
        ]
      : []),
    // Both would write the address of a Service of type LoadBalancer: https://docs.k3s.io/networking/networking-services#service-load-balancer
    ...twice(
      "servicelb",
      balancers,
      `k3s' own ServiceLB is not in kubernetes.disable (${shown(disable)}), and ${balancers.join(", ")} gives the same Services their addresses`,
    ),
    // k3s' own is told of no class, and then takes IngressRoutes of every one:
    // https://doc.traefik.io/traefik/reference/install-configuration/providers/kubernetes/kubernetes-crd/ (ingressClass).
    ...twice(
      "traefik",
      ingresses,
      `k3s' own Traefik is not in kubernetes.disable (${shown(disable)}): it takes an address, and serves the routes of ${ingresses.join(", ")} there, private ones too`,
    ),
  ];
}

const shown = (disable: readonly string[]): string => JSON.stringify(disable);
