/**
 * Two sites on an overlay, in network namespaces: three nodes of a cluster at home, of which the third runs the only pod, and a
 * cabin with a node on the overlay, a node beside it, and a pod on each.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

import { run } from "../lab/command.ts";

const prefix = "isthmus-overlay-";
export const nodePort = 30010;
export const announced = "10.147.17.100";
const servicePort = 9000;
const pod = { address: "10.42.3.2", gateway: "10.42.3.1" };

/** Nodes of the cluster, with their place on both networks. */
export const nodes = ["home-1", "home-2", "home-3"] as const;
export type NodeName = (typeof nodes)[number];
const numberOf = (node: NodeName): number => nodes.indexOf(node) + 1;
export const overlayAddress = (node: NodeName): string => `10.147.17.${10 + numberOf(node)}`;
const lanAddress = (node: NodeName): string => `10.0.20.${10 + numberOf(node)}`;

export class OverlayLab {
  readonly #children: ChildProcess[] = [];

  #name(of: string): string {
    return `${prefix}${String(process.pid)}-${of}`;
  }

  /** `mode`: how the overlay carries ARP queries. */
  static async create(mode: "zerotier" | "switch"): Promise<OverlayLab> {
    await removeAbandoned();
    const lab = new OverlayLab();
    try {
      await lab.#build(mode);
    } catch (error) {
      await lab.destroy();
      throw error;
    }
    return lab;
  }

  async #build(mode: "zerotier" | "switch"): Promise<void> {
    await this.#add("between", ["link add bridge type bridge", "link set bridge up"]);
    const overlay = [...nodes.map((node) => [node, overlayAddress(node)]), ["cabin-1", "10.147.17.21"]];
    await this.#start("between", ["python3", program, mode, ...overlay.map(([node, at]) => `o-${node}=${at}`)]);
    for (const node of nodes) await this.#addNode(node);
    await this.#add("pod");
    await this.#join("home-3", "pod", { near: pod.gateway, far: pod.address });
    for (const node of ["home-1", "home-2"] as const)
      await this.#ip(node, [`route add 10.42.3.0/24 via ${lanAddress("home-3")}`]);
    await this.#addCabin();
    await this.#start("pod", ["python3", "-u", "-m", "http.server", `${servicePort}`, "--bind", pod.address]);
  }

  async #addNode(node: NodeName): Promise<void> {
    await this.#add(node);
    await this.#joinOverlay(node, overlayAddress(node));
    await this.#ip("between", [`link add l-${node} type veth peer name lan netns ${this.#name(node)}`]);
    await this.#ip("between", [`link set l-${node} up`, `link set l-${node} master bridge`]);
    await this.#ip(node, ["link set lan up", `addr add ${lanAddress(node)}/24 dev lan`]);
    await this.exec(node, ["sysctl", "-qw", "net.ipv4.ip_forward=1"]);
    await forwardNodePort((args) => this.exec(node, ["iptables", "-w", ...args]));
  }

  /** A node on the overlay and one beside it, each with a pod; the second's way to everywhere is a router that is not here. */
  async #addCabin(): Promise<void> {
    for (const number of [1, 2]) {
      const [node, own] = [`cabin-${number}`, `cabin-pod-${number}`];
      await this.#add(node);
      await this.#add(own);
      await this.#join(node, own, { near: `10.52.${number}.1`, far: `10.52.${number}.2` });
      await this.exec(node, ["sysctl", "-qw", "net.ipv4.ip_forward=1"]);
      await masqueradePods((args) => this.exec(node, ["iptables", "-w", ...args]), "10.52.0.0/16");
    }
    await this.#joinOverlay("cabin-1", "10.147.17.21");
    await this.#ip("between", [`link add l-cabin-2 type veth peer name lan netns ${this.#name("cabin-2")}`]);
    await this.#ip("between", ["link set l-cabin-2 up"]);
    await this.#ip("cabin-2", ["link set lan up", "addr add 10.1.20.12/24 dev lan", "route add default via 10.1.20.1"]);
  }

  async #add(name: string, commands: readonly string[] = []): Promise<void> {
    await run("ip", ["netns", "add", this.#name(name)]);
    await this.#ip(name, ["link set lo up", ...commands]);
  }

  async #ip(name: string, commands: readonly string[]): Promise<void> {
    await run("ip", ["-n", this.#name(name), "-batch", "-"], `${commands.join("\n")}\n`);
  }

  async #joinOverlay(name: string, address: string): Promise<void> {
    await this.#ip("between", [`link set o-${name} netns ${this.#name(name)} name overlay`]);
    await this.#ip(name, ["link set overlay up", `addr add ${address}/24 dev overlay`]);
  }

  /** A pod behind its node. */
  async #join(node: string, own: string, { near, far }: { near: string; far: string }): Promise<void> {
    await this.#ip(node, [`link add pods type veth peer name eth0 netns ${this.#name(own)}`]);
    await this.#ip(node, ["link set pods up", `addr add ${near}/24 dev pods`]);
    await this.#ip(own, ["link set eth0 up", `addr add ${far}/24 dev eth0`, `route add default via ${near}`]);
  }

  async #start(name: string, command: readonly string[]): Promise<void> {
    const args = ["netns", "exec", this.#name(name), ...command];
    const child = spawn("ip", args, { stdio: ["ignore", "pipe", "ignore"] });
    this.#children.push(child);
    await Promise.race([
      once(child.stdout, "data"),
      once(child, "exit").then(() => Promise.reject(new Error(`${command.join(" ")} ended`))),
    ]);
  }

  async exec(name: string, command: readonly string[]): Promise<string> {
    return await run("ip", ["netns", "exec", this.#name(name), ...command]);
  }

  /** What MetalLB does in layer 2 mode: answers for an address that is on no interface; kube-proxy takes what is sent to it. */
  async announce(node: NodeName): Promise<void> {
    const entry = ["-d", `${announced}/32`, "-p", "tcp", "--dport", `${servicePort}`];
    await forwardToPod((args) => this.exec(node, ["iptables", "-w", ...args]), entry);
    await this.#start(node, ["python3", program, "announce", "overlay", announced]);
  }

  /** From a pod of the cabin, as a client that tries each address of a name in turn. */
  async fetch(from: 1 | 2, addresses: readonly string[], port: number): Promise<string> {
    const name = `s3.home.test:${port}`;
    const resolve = ["--resolve", `${name}:${addresses.join(",")}`];
    const limits = ["--connect-timeout", "20", "--max-time", "40"];
    return await this.exec(`cabin-pod-${from}`, ["curl", "-sS", "--fail", ...limits, ...resolve, `http://${name}/`]);
  }

  /** A node that is switched off. */
  async switchOff(node: NodeName): Promise<void> {
    await this.#ip(node, ["link set overlay down", "link set lan down"]);
  }

  async destroy(): Promise<void> {
    for (const child of this.#children) child.kill("SIGKILL");
    await remove(`${prefix}${String(process.pid)}-`);
  }
}

const program = join(import.meta.dirname, "ethernet.py");
const toPod = ["-j", "DNAT", "--to-destination", `${pod.address}:${servicePort}`];

type Iptables = (args: readonly string[]) => Promise<unknown>;

/**
 * What kube-proxy writes for a NodePort whose one endpoint is the pod: the port of every address of the node leads to it, and
 * what was sent to it leaves with the node's own address. https://github.com/kubernetes/kubernetes/blob/v1.34.3/pkg/proxy/iptables/proxier.go
 * (kubeNodePortsChain behind `--dst-type LOCAL`, KUBE-MARK-MASQ, KUBE-POSTROUTING)
 */
async function forwardNodePort(iptables: Iptables): Promise<void> {
  const local = ["-m", "addrtype", "--dst-type", "LOCAL", "!", "-d", "127.0.0.0/8"];
  await forwardToPod(iptables, [...local, "-p", "tcp", "--dport", `${nodePort}`]);
}

async function forwardToPod(iptables: Iptables, entry: readonly string[]): Promise<void> {
  await iptables(["-t", "nat", "-A", "PREROUTING", ...entry, "-j", "MARK", "--or-mark", "0x4000"]);
  await iptables(["-t", "nat", "-A", "PREROUTING", ...entry, ...toPod]);
  const marked = ["-m", "mark", "--mark", "0x4000/0x4000", "-j", "MASQUERADE", "--random-fully"];
  await iptables(["-t", "nat", "-A", "POSTROUTING", ...marked]);
}

/** Flannel's rule for what leaves the pod network: https://github.com/flannel-io/flannel/blob/v0.27.4/pkg/trafficmngr/iptables/iptables.go */
async function masqueradePods(iptables: Iptables, network: string): Promise<void> {
  const leaves = ["-s", network, "!", "-d", "224.0.0.0/4", "-j", "MASQUERADE", "--random-fully"];
  await iptables(["-t", "nat", "-A", "POSTROUTING", "-s", network, "-d", network, "-j", "RETURN"]);
  await iptables(["-t", "nat", "-A", "POSTROUTING", ...leaves]);
}

/** Namespaces that runs left behind which were killed. */
async function removeAbandoned(): Promise<void> {
  for (const name of namespaces()) {
    const owner = Number(name.slice(prefix.length).split("-")[0]);
    if (!isAlive(owner)) await run("ip", ["netns", "del", name]);
  }
}

async function remove(start: string): Promise<void> {
  for (const name of namespaces().filter((one) => one.startsWith(start))) await run("ip", ["netns", "del", name]);
}

function namespaces(): string[] {
  try {
    return readdirSync("/run/netns").filter((name) => name.startsWith(prefix));
  } catch {
    return [];
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
