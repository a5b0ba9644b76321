/** What k3s needs to know of a machine that becomes a node. */
export interface K3sNode {
  readonly name: string;
  /** `server`: control plane and etcd voter. `agent`: runs pods only. */
  readonly role: "server" | "agent";
  /** Its address on the site's own network, where the other nodes reach it. */
  readonly address: string;
  /** CPU architecture, if it is known: then its checksums must be. */
  readonly architecture?: "amd64" | "arm64" | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly K3sTaint[];
  /** Programs that pods call on it, beside those that k3s needs. Default: none. */
  readonly programs?: readonly string[] | undefined;
}

export interface K3sTaint {
  readonly key: string;
  readonly value?: string | undefined;
  readonly effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
}

/** Who joins after whom. */
export interface JoinOrder<Node> {
  /** One by one, in this order: etcd takes one new member at a time. */
  readonly servers: readonly Node[];
  /** After the servers. Within a lane one by one, the lanes side by side. */
  readonly lanes: readonly (readonly Node[])[];
}

/** Servers first, in the order in which they are declared; agents in at most `width` lanes. */
export function joinOrder<Node extends Pick<K3sNode, "role">>(nodes: readonly Node[], width: number): JoinOrder<Node> {
  const agents = nodes.filter(({ role }) => role === "agent");
  const lanes = Array.from({ length: Math.min(width, agents.length) }, (_, lane) =>
    agents.filter((_agent, index) => index % width === lane),
  );
  return { servers: nodes.filter(({ role }) => role === "server"), lanes };
}

/** An address as it stands in a URL. */
export function urlHost(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

export function taintText({ key, value, effect }: K3sTaint): string {
  return `${key}=${value ?? ""}:${effect}`;
}

/** Labels as `key=value`, in the order of their keys. */
export function labelTexts(labels: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(labels)
    .sort()
    .map((key) => `${key}=${labels[key] ?? ""}`);
}
