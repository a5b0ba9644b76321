import { run } from "./command.ts";

/** How a host's link is made worse, on what it sends. */
export interface LinkQuality {
  /** Milliseconds that every packet waits. */
  readonly delayMs?: number;
  /** Packets lost, in percent. */
  readonly lossPercent?: number;
}

/**
 * The network of one lab: a bridge in a namespace of its own, hosts on veth pairs, and one veth to the machine, so that
 * tests can dial the hosts. Nothing of it is routed: the default route of a host leads to the bridge and ends there.
 */
export class Network {
  readonly number: number;
  readonly bridge: string;
  readonly uplink: string;

  constructor(number: number) {
    this.number = number;
    this.bridge = `isthmus${String(number)}`;
    this.uplink = `isth${String(number)}`;
  }

  /** The address of this machine (`index` 1) or of a host. */
  address(index: number): string {
    return `10.99.${String(this.number)}.${String(index)}`;
  }

  namespaceOf(host: string): string {
    return `${this.bridge}-${host}`;
  }

  async create(): Promise<void> {
    await batch([
      `netns add ${this.bridge}`,
      `link add ${this.uplink} type veth peer name uplink netns ${this.bridge}`,
    ]);
    await batch(
      [
        "link set lo up",
        "link add bridge type bridge",
        "link set bridge up",
        `addr add ${this.address(254)}/24 dev bridge`,
        "link set uplink master bridge",
        "link set uplink up",
      ],
      this.bridge,
    );
    await batch([`addr add ${this.address(1)}/24 dev ${this.uplink}`, `link set ${this.uplink} up`]);
  }

  /** Plugs a host in: a fresh namespace, so that nothing of an earlier boot (addresses, routes, faults) is left. */
  async plug(host: string, index: number): Promise<void> {
    const namespace = this.namespaceOf(host);
    await batch([`netns add ${namespace}`]);
    await batch(
      [
        // The same hardware address at each boot, as a real card has: others keep it in their neighbour tables.
        `link add port-${String(index)} type veth peer name eth0 address ${hardwareAddress(this.number, index)} netns ${namespace}`,
        `link set port-${String(index)} master bridge`,
        `link set port-${String(index)} up`,
      ],
      this.bridge,
    );
    await batch(
      [
        "link set lo up",
        "link set eth0 up",
        `addr add ${this.address(index)}/24 dev eth0`,
        `route add default via ${this.address(254)}`,
      ],
      namespace,
    );
  }

  async unplug(host: string, index: number): Promise<void> {
    // The pair goes first: the kernel clears a namespace only some time after its deletion.
    await batch([`link del port-${String(index)}`], this.bridge);
    await batch([`netns del ${this.namespaceOf(host)}`]);
  }

  async setPort(index: number, state: "up" | "down"): Promise<void> {
    await batch([`link set port-${String(index)} ${state}`], this.bridge);
  }

  async shape(host: string, quality: LinkQuality): Promise<void> {
    const where = ["-n", this.namespaceOf(host), "qdisc"];
    const settings = [
      ...(quality.delayMs === undefined ? [] : ["delay", `${String(quality.delayMs)}ms`]),
      ...(quality.lossPercent === undefined ? [] : ["loss", `${String(quality.lossPercent)}%`]),
    ];
    if (settings.length > 0) await run("tc", [...where, "replace", "dev", "eth0", "root", "netem", ...settings]);
    else await run("tc", [...where, "del", "dev", "eth0", "root"]);
  }

  /** Packets from `host` to `address` vanish, or flow again. */
  async block(host: string, address: string, blocked: boolean): Promise<void> {
    await batch([`route ${blocked ? "replace" : "del"} blackhole ${address}/32`], this.namespaceOf(host));
  }
}

function hardwareAddress(lab: number, index: number): string {
  return `02:00:0a:63:${lab.toString(16).padStart(2, "0")}:${index.toString(16).padStart(2, "0")}`;
}

/** Runs many lines of `ip` in one process, in the machine's network or in a namespace. */
async function batch(lines: readonly string[], namespace?: string): Promise<void> {
  await run("ip", [...(namespace === undefined ? [] : ["-n", namespace]), "-batch", "-"], lines.join("\n") + "\n");
}

/** Removes every namespace and link of the lab of this number, whatever is left of it. */
export async function removeNetwork(number: number): Promise<void> {
  const { bridge, uplink } = new Network(number);
  const listed = await run("ip", ["netns", "list"]);
  const names = listed
    .split("\n")
    .map((line) => line.split(" ")[0] ?? "")
    .filter((name) => name === bridge || name.startsWith(`${bridge}-`));
  for (const name of names) await run("ip", ["netns", "del", name]).catch(() => undefined);
  await run("ip", ["link", "del", uplink]).catch(() => undefined);
}
