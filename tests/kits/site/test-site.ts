/** A site as a person has it: hosts, a program that puts a k3s cluster on them, and the questions that tests ask. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

import { k3sSettings, type K3sNode, type K3sSettingsInput } from "@isthmus/k3s";
import { Fleet, type Kill, type Run, type Stack } from "../engine/harness.ts";
import { runPulumi } from "../engine/cli.ts";
import { createLab, type Host, type Lab } from "../lab/hosts.ts";
import type { ClusterFile, Machine } from "./program/index.ts";
import type { Session } from "./ssh-executor.ts";
import { dropIn, k3sVersions, mirror, paced, patience, type K3s, type Pace } from "../k3s/k3s.ts";
import { loadBalancer, type LoadBalancer } from "../../hosts/scenarios/load-balancer.ts";

export const versions = { first: "v1.34.3+k3s1", next: "v1.35.1+k3s1", skipping: "v1.36.0+k3s1" } as const;
export const clusterName = "site-a-k3s";
const upMilliseconds = 600_000 * patience;
const architecture = process.arch === "arm64" ? "arm64" : "amd64";
const controlPlane = { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" } as const;

export interface Shape {
  /** Names of hosts; those that begin with `server` become servers. */
  readonly nodes: readonly string[];
  /** Hosts that no node is on at first. */
  readonly spare?: readonly string[];
  readonly settings?: Partial<K3sSettingsInput>;
  /** The versions that there are; the first is installed. Default: stand-ins, or the real k3s that is under test. */
  readonly k3s?: readonly K3s[];
  /** Of a stand-in. Default: faster than any real one. */
  readonly pace?: Pace;
}

export interface UpOptions {
  /** The engine dies, by SIGKILL, before or after this call. */
  readonly kill?: Kill;
  /** Does the work of this resource anew, whether it changed or not. */
  readonly replace?: string;
  /** The engine dies, by SIGKILL, when this resolves. */
  readonly killWhen?: () => Promise<void>;
}

/** A run of the engine, with the sessions that it opened. */
export type SiteRun = Run & { readonly sessions: readonly Session[]; readonly text: string };

export class TestSite {
  readonly lab: Lab;
  readonly stack: Stack;
  readonly fleet: Fleet;
  file: ClusterFile;
  readonly #folder: string;
  readonly #balancer: LoadBalancer;
  readonly #known: readonly K3s[];

  static async create(shape: Shape): Promise<TestSite> {
    const known = shape.k3s ?? (await k3sVersions([versions.first, versions.next]));
    const names = [...shape.nodes, ...(shape.spare ?? [])];
    const folder = mkdtempSync(join(tmpdir(), "isthmus-scenario-"));
    const lab = await createLab(names, [
      ...known.flatMap(mirror),
      ...known.slice(0, 1).flatMap((k3s) => dropIn(k3s, folder)),
      ...(shape.pace === undefined ? [] : paced(shape.pace, folder)),
    ]);
    const servers = lab.hosts.filter(({ name }) => name.startsWith("server"));
    const balancer = await loadBalancer(lab.network.address(1), () =>
      servers.filter((host) => host.running).map(({ address }) => address),
    );
    const machines = await Promise.all(lab.hosts.map(machineOf));
    const file: ClusterFile = {
      name: clusterName,
      nodes: shape.nodes.map((name) => nodeOn(lab.host(name))),
      settings: {
        ...settings(known[0], lab),
        ...shape.settings,
        kubeletArguments: onTestHosts(shape.settings?.kubeletArguments),
      },
      machines: Object.fromEntries(machines.map((machine) => [machine.name, machine])),
      privateKey: lab.hosts[0]?.connection.privateKey ?? "",
    };
    const site = new TestSite({ folder, lab, balancer, known, file });
    await site.stack.init();
    return site;
  }

  private constructor(made: {
    folder: string;
    lab: Lab;
    balancer: LoadBalancer;
    known: readonly K3s[];
    file: ClusterFile;
  }) {
    this.lab = made.lab;
    this.#balancer = made.balancer;
    this.#known = made.known;
    this.file = made.file;
    this.#folder = made.folder;
    this.fleet = Fleet.create({
      program: join(import.meta.dirname, "./program"),
      executor: join(import.meta.dirname, "./ssh-executor.ts"),
      env: {
        ISTHMUS_TEST_CLUSTER: join(this.#folder, "cluster.json"),
        ISTHMUS_SESSIONS: join(this.#folder, "sessions"),
        // The real one dials for two minutes.
        ISTHMUS_DIALS: "2",
      },
    });
    this.stack = this.fleet.stack("site-a");
  }

  async destroy(): Promise<void> {
    await this.#balancer.close();
    await this.lab.destroy();
    this.fleet.dispose();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  host(name: string): Host {
    return this.lab.host(name);
  }

  get declaredVersion(): string {
    return k3sSettings.parse(this.file.settings).version;
  }

  // --- what a person edits -------------------------------------------------------------------------------------------

  set({ kubeletArguments = this.file.settings.kubeletArguments ?? [], ...changes }: Partial<K3sSettingsInput>): void {
    const kubelet = { kubeletArguments: onTestHosts(kubeletArguments) };
    this.file = { ...this.file, settings: { ...this.file.settings, ...changes, ...kubelet } };
  }

  /** Whether that version can be installed: of a real k3s there may be one alone. */
  has(version: string): boolean {
    return this.#known.some((one) => one.version === version);
  }

  version(version: string): void {
    const k3s = this.#known.find((one) => one.version === version) ?? this.#known[0];
    if (k3s === undefined) throw new Error("there is no k3s");
    this.set({ version, checksums: checksumsOf(k3s) });
  }

  add(name: string): void {
    this.file = { ...this.file, nodes: [...this.file.nodes, nodeOn(this.host(name))] };
  }

  remove(name: string): void {
    this.file = { ...this.file, nodes: this.file.nodes.filter((node) => node.name !== name) };
  }

  edit(name: string, changes: Partial<K3sNode>): void {
    const nodes = this.file.nodes.map((node) => (node.name === name ? { ...node, ...changes } : node));
    this.file = { ...this.file, nodes };
  }

  /** Another machine of that name: new disk, new machine id, new host key. */
  async replace(name: string, { newAddress = false }: { readonly newAddress?: boolean } = {}): Promise<void> {
    await this.host(name).wipe({ newHostKey: true, newAddress });
    const machine = await machineOf(this.host(name));
    this.file = { ...this.file, machines: { ...this.file.machines, [name]: machine } };
    this.edit(name, { address: this.host(name).address });
  }

  // --- what a person runs --------------------------------------------------------------------------------------------

  async up({ kill, killWhen, replace }: UpOptions = {}): Promise<SiteRun> {
    writeFileSync(join(this.#folder, "cluster.json"), JSON.stringify(this.file));
    const before = this.#sessions().length;
    const run = kill === undefined ? await this.#up(killWhen, replace) : await this.stack.up({ kill });
    // The lock that a killed engine leaves.
    if (run.killed) await this.stack.cancel();
    return { ...run, sessions: this.#sessions().slice(before), text: `${run.stdout}\n${run.stderr}` };
  }

  #up(killWhen: UpOptions["killWhen"], replace: string | undefined): Promise<Run> {
    const again = replace === undefined ? [] : ["--replace", replace];
    return runPulumi({
      args: ["up", "--yes", "--skip-preview", "--stack", this.stack.name, ...again],
      cwd: this.fleet.program,
      env: this.fleet.env,
      events: true,
      timeoutMilliseconds: upMilliseconds,
      ...(killWhen === undefined ? {} : { killWhen }),
    });
  }

  /** What a person does who lets go of something that is protected. */
  async unprotect(name: string): Promise<void> {
    const state = await this.fleet.pulumi(["stack", "export", "--stack", this.stack.name]);
    const [urn = ""] = new RegExp(`urn:pulumi:[^"]*::${name}(?=")`).exec(state.stdout) ?? [];
    await this.fleet.pulumi(["state", "unprotect", urn, "--yes", "--stack", this.stack.name]);
  }

  /** An `up` that has to succeed. */
  async goesUp(options: UpOptions = {}): Promise<SiteRun> {
    const run = await this.up(options);
    if (run.exitCode !== 0) throw new Error(`up failed:\n${run.text}`);
    return run;
  }

  /** A run that has to fail; what it said. */
  async refuses(): Promise<string> {
    const run = await this.up();
    if (run.exitCode === 0) throw new Error(`up succeeded, and should not have:\n${run.text}`);
    return run.text;
  }

  #sessions(): readonly Session[] {
    const file = join(this.#folder, "sessions");
    if (!existsSync(file)) return [];
    // What a killed run left at work may be writing a line: it counts when it has its end.
    const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Session);
  }
}

async function machineOf(host: Host): Promise<Machine> {
  const { port, user, hostKey } = host.connection;
  const machineId = (await host.ok("cat /etc/machine-id")).trim();
  return { name: host.name, address: host.address, port, user, hostKey, machineId };
}

function nodeOn({ name, address }: Host): K3sNode {
  const server = name.startsWith("server");
  return {
    name,
    role: server ? "server" : "agent",
    address,
    labels: { "topology.kubernetes.io/zone": `zone-of-${name}` },
    taints: server ? [controlPlane] : [],
  };
}

/** Test hosts have the cgroups of the machine below them, which may be v1: a kubelet from 1.35 on must be told. */
function onTestHosts(given: readonly string[] = []): string[] {
  return [...new Set([...given, "fail-cgroupv1=false"])];
}

function checksumsOf(k3s: K3s): K3sSettingsInput["checksums"] {
  return { installer: k3s.installerSha256, [architecture]: { binary: k3s.binarySha256 } };
}

function settings(k3s: K3s | undefined, lab: Lab): K3sSettingsInput {
  if (k3s === undefined) throw new Error("there is no k3s");
  return {
    version: k3s.version,
    checksums: checksumsOf(k3s),
    source: { folder: "/srv/k3s" },
    api: { kind: "external", address: lab.network.address(1) },
    waitSeconds: 60 * patience,
    diskMib: 10,
    upgrade: { drainSeconds: 20 },
  };
}
