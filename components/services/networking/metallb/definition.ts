import {
  defineService,
  poolMissingRule,
  type Finding,
  type Footprint,
  type NodeFacts,
  type ReleasePlan,
  type ServiceContext,
  type StatedHostAccess,
  type StatedPermissions,
  type Taint,
  type Workload,
} from "@isthmus/core";
import { announcedPool, metallbSchema, unheardPools, unknownPools, type MetallbArgs } from "./pools.ts";
import { charts } from "../pins.ts";

type Context = ServiceContext<MetallbArgs>;

/** Services of type LoadBalancer get addresses of the site's pools, announced by ARP (layer 2). */
export const metallb = defineService<MetallbArgs>({
  name: "metallb",
  summary: "MetalLB hands out the site's addresses and announces each from one node at a time.",
  schema: metallbSchema,
  requires: () => [],
  provides: () => ["loadBalancer"],
  check,
  // https://metallb.io/usage/#requesting-specific-ips (the prefix metallb.universe.tf is deprecated since 0.14.9)
  offers: () => ({ loadBalancer: { addressAnnotation: "metallb.io/loadBalancerIPs" } }),
  footprint,
  privileges: ({ instance, namespace }) => ({ permissions: permissions(instance, namespace), hostAccess }),
  charts: (context) => [release(context)],
  objects: (context) => Object.values(context.site.pools).flatMap((pool) => announcedPool(pool, context)),
});

function check({ args, site, from }: Context): Finding[] {
  const names = Object.keys(site.pools);
  if (names.length === 0) {
    const problem = "the site has no pools, so there is no address to hand out";
    return [{ rule: poolMissingRule.id, at: from, problem, fix: "name at least one range of addresses under pools" }];
  }
  return [...unknownPools(args, site, from), ...unheardPools(args, site, from)];
}

function footprint({ instance, site }: Context): Footprint {
  const common = {
    architectures: ["amd64", "arm64"],
    uses: [],
    restarts: { by: "itself", within: "2m" },
  } as const satisfies Partial<Workload>;
  const controller: Workload = {
    ...common,
    name: "controller",
    controller: "Deployment",
    members: { perSite: { [site.name]: 1 } },
    selector: podLabels(instance, "controller"),
    requests: { memory: "64Mi", cpu: "20m" },
    limits: { memory: "128Mi" },
    // It assigns new addresses; those assigned keep working without it.
    reads: { kind: "nothing" },
    writes: { kind: "any" },
    runsOn: { required: [], preferred: [], tolerations: [], spread: [] },
    reaches: [],
  };
  const speaker: Workload = {
    ...common,
    name: "speaker",
    controller: "DaemonSet",
    members: { perNode: true },
    selector: podLabels(instance, "speaker"),
    requests: { memory: "64Mi", cpu: "50m" },
    limits: { memory: "128Mi" },
    reads: { kind: "any" },
    writes: { kind: "nothing" },
    // On every node, tainted ones too: a Service with externalTrafficPolicy Local is announced only from nodes that run
    // one of its pods, and a pod that tolerates a taint would otherwise be behind an address that nobody announces.
    runsOn: { required: [], preferred: [], tolerations: taintsOf(site.topology.nodes), spread: [] },
    reaches: (["TCP", "UDP"] as const).map((protocol) => ({
      to: `${instance}/speaker`,
      port: 7946,
      protocol,
      tls: false,
      address: "perMember" as const,
    })),
  };
  // ARP needs raw sockets in the host's network, which only a privileged namespace admits.
  const none = { routes: [], addresses: [], podSecurity: "privileged" } as const;
  // Every pod is told the API server's address, and speakers find one another by those of their pods.
  return { ...none, workloads: [controller, speaker], looksNamesUp: false };
}

function permissions(instance: string, namespace: string): StatedPermissions[] {
  const controller = `${instance}-controller`;
  const speaker = `${instance}-speaker`;
  return [
    {
      subject: controller,
      in: "cluster",
      may: ["write admission", "write CustomResourceDefinitions"],
      why: "it writes the authority of its webhook's certificate into its own webhook's configuration and CRDs, by their names",
    },
    {
      subject: controller,
      in: namespace,
      may: ["read Secrets", "write Secrets"],
      why: "it makes the key by which speakers know each other, and the certificate of its webhook",
    },
    {
      subject: speaker,
      in: namespace,
      may: ["read Secrets"],
      why: "its configuration may name Secrets with passwords of BGP peers",
    },
    ...(
      [
        [controller, namespace],
        [speaker, "cluster"],
      ] as const
    ).map(([subject, where]) => ({
      subject,
      in: where,
      may: ["* verbs" as const],
      why: "it keeps the status objects of its own group",
    })),
  ];
}

const hostAccess: readonly StatedHostAccess[] = [
  {
    pods: "speaker",
    has: ["hostNetwork", "capability NET_RAW"],
    why: "it answers ARP for the addresses of Services on the nodes' own interfaces",
  },
  {
    pods: "speaker",
    has: ["hostPort 7946", "hostPort 9120"],
    why: "speakers find out which of them are alive, and Prometheus reads their metrics, at the nodes' addresses",
  },
];

function podLabels(instance: string, component: string): Record<string, string> {
  return {
    "app.kubernetes.io/name": "metallb",
    "app.kubernetes.io/instance": instance,
    "app.kubernetes.io/component": component,
  };
}

function release({ instance, namespace }: Context): ReleasePlan {
  return {
    name: instance,
    namespace,
    chart: charts.metallb,
    timeout: "10m",
    webhook: {
      // https://github.com/metallb/metallb/blob/v0.16.1/internal/config/config.go (ParseCIDR)
      refused: {
        apiVersion: "metallb.io/v1beta1",
        kind: "IPAddressPool",
        metadata: { name: "isthmus-probe", namespace },
        spec: { addresses: ["no-address"] },
      },
      because: "invalid CIDR",
    },
    values: {
      crds: { enabled: true, validationFailurePolicy: "Fail" },
      // BGP is not used; the chart would run FRR on every node for nothing.
      frrk8s: { enabled: false },
      speaker: {
        frr: { enabled: false },
        memberlist: { enabled: true },
        // Tolerations are those of the footprint and no others.
        tolerateMaster: false,
        // k3s labels no node to be left out (kubeadm does): where the label stands, a person meant it.
        ignoreExcludeLB: false,
      },
    },
    pods: {
      controller: {
        replicas: { byChart: "the chart runs exactly one controller: a second would only wait" },
        requests: "controller.resources.requests",
        limits: "controller.resources.limits",
        affinity: "controller.affinity",
        tolerations: "controller.tolerations",
      },
      speaker: {
        requests: "speaker.resources.requests",
        limits: "speaker.resources.limits",
        affinity: "speaker.affinity",
        tolerations: "speaker.tolerations",
      },
    },
  };
}

/** The taints that keep pods off nodes of a site, each once. */
function taintsOf(nodes: readonly NodeFacts[]): Taint[] {
  const taints = nodes.flatMap((node) => node.taints).filter((taint) => taint.effect !== "PreferNoSchedule");
  const byText = new Map(taints.map((taint) => [`${taint.key}=${taint.value ?? ""}:${taint.effect}`, taint]));
  return [...byText.values()];
}
