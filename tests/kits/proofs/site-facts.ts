import {
  controlPlaneTaint,
  type AddressPool,
  type CapabilityFacts,
  type CapabilityName,
  type Needs,
  type NodeFacts,
  type RenderContext,
  type Route,
  type Service,
  type SiteFacts,
} from "@isthmus/core";

const file = "Pulumi.site-a.yaml";
const hosts = ["pve-a-1", "pve-a-2", "pve-a-3"] as const;

/** A homelab for tests: three servers (tainted) and three agents, a pair on each of three hypervisors. */
export function siteFacts(changes: Partial<SiteFacts> = {}): SiteFacts {
  const servers = hosts.map((host, index) => node("server", host, index + 1));
  const agents = hosts.map((host, index) => node("agent", host, index + 1));
  return {
    name: "site-a",
    domain: "site-a.home.arpa",
    topology: { name: "site-a", hosts: [...hosts], nodes: [...servers, ...agents] },
    networks: [{ name: "apps", cidr: "10.0.20.0/24", nodes: [...servers, ...agents].map(({ name }) => name) }],
    pools: {
      public: pool("public", "10.0.20.200", "10.0.20.209"),
      private: pool("private", "10.0.20.210", "10.0.20.219"),
    },
    kubernetes: {
      version: "v1.36.2+k3s1",
      podCidr: "10.42.0.0/16",
      serviceCidr: "10.43.0.0/16",
      localStorage: false,
      snapshots: { pauseMinutes: 360, oldestMinutes: 780, stored: true },
    },
    peers: [{ name: "site-b", domain: "site-b.home.arpa" }],
    ...changes,
  };
}

/** What each capability says of itself when nothing else is asked for: enough for any service to be rendered. */
export const usualFacts: CapabilityFacts = {
  loadBalancer: { addressAnnotation: "metallb.io/loadBalancerIPs" },
  certificates: {
    publicIssuer: "public",
    internalIssuer: "internal",
    ca: { $generated: "site-ca", part: "certificate" },
  },
  "ingress/public": { className: "traefik-public", address: "10.0.20.200" },
  "ingress/private": { className: "traefik-private", address: "10.0.20.210" },
  volumes: {
    storageClass: "longhorn",
    replicas: 3,
    moves: "site",
    freedFromDeadNode: true,
    architectures: ["amd64", "arm64"],
  },
  objectStore: { endpoint: "https://minio.minio.svc:9000", region: "us-east-1" },
  backupStore: {
    endpoint: "https://minio.site-b.home.arpa",
    region: "us-east-1",
    bucket: "site-a",
    accessKey: { $secret: "backup-access-key" },
    secretKey: { $secret: "backup-secret-key" },
    peer: "site-b",
    place: "MinIO at site-b",
  },
  postgres: { operator: "cloudnative-pg" },
  secrets: { address: "https://vault.vault.svc:8200" },
  metrics: { scrapeLabels: { release: "prometheus" }, namespace: "monitoring" },
};

/** Facts as a service gets them: asking for what is not among `facts` throws, as it does in a real plan. */
export function needsOf(facts: Partial<CapabilityFacts>): Needs {
  return {
    get<Name extends CapabilityName>(name: Name): CapabilityFacts[Name] {
      const found: CapabilityFacts[Name] | undefined = facts[name];
      if (found === undefined) throw new Error(`the service asks for ${name} without requiring it`);
      return found;
    },
    find<Name extends CapabilityName>(name: Name): CapabilityFacts[Name] | undefined {
      return facts[name];
    },
  };
}

/** What a test says of a service instance; everything has a default. */
export interface ContextOptions {
  /** As they would stand in a stack file, read through the service's schema. */
  readonly args?: unknown;
  readonly instance?: string;
  readonly namespace?: string;
  readonly site?: SiteFacts;
  /** Facts that differ from {@link usualFacts}; `undefined` takes one away. */
  readonly facts?: { readonly [Name in CapabilityName]?: CapabilityFacts[Name] | undefined };
  /** All routes of the site; by default those of the service itself. */
  readonly routes?: readonly Route[];
}

/** A service instance as the plan would hand it to the service: only capabilities that it requires or wants are at hand. */
export function contextOf(service: Service, options: ContextOptions = {}): RenderContext<unknown> {
  const instance = options.instance ?? service.name;
  const args = service.schema.parse(options.args ?? {});
  const asked = new Set([...service.requires(args), ...(service.wants?.(args) ?? [])]);
  const known = Object.entries({ ...usualFacts, ...options.facts }).filter(
    ([name, facts]) => facts !== undefined && asked.has(name as CapabilityName),
  );
  const context = {
    instance,
    namespace: options.namespace ?? instance,
    args,
    site: options.site ?? siteFacts(),
    needs: needsOf(Object.fromEntries(known)),
    from: `${file}#/services/${instance}` as const,
  };
  return { ...context, routes: options.routes ?? service.footprint(context).routes };
}

function node(role: NodeFacts["role"], host: string, number: number): NodeFacts {
  const name = `k3s-a-${role}-${number}`;
  const last = (role === "server" ? 10 : 20) + number;
  return {
    name,
    site: "site-a",
    host,
    role,
    architecture: "amd64",
    address: `10.0.20.${last}`,
    overlayAddress: `10.147.17.${last}`,
    cpu: "4",
    memory: "8Gi",
    labels: {
      "kubernetes.io/hostname": name,
      "kubernetes.io/arch": "amd64",
      "topology.kubernetes.io/zone": host,
      "topology.kubernetes.io/region": "site-a",
    },
    taints: role === "server" ? [controlPlaneTaint] : [],
    from: `${file}#/nodes/${name}`,
  };
}

function pool(name: string, first: string, last: string): AddressPool {
  return { name, first, last, from: `${file}#/pools/${name}` };
}
