import { randomBytes } from "node:crypto";
import { spawn } from "node:child_process";
import { mkdirSync, openSync, closeSync, readFileSync, rmSync, writeFileSync, existsSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";

import type { Client } from "ssh2";

import { until } from "./command.ts";
import { newKey } from "./keys.ts";
import type { LinkQuality, Network } from "./network.ts";
import { connect, execute } from "./ssh.ts";
import type { Connection, Ran, RunOptions } from "./ssh.ts";

/** What a host is made from; its lab fills this in. */
export interface HostSpec {
  readonly name: string;
  /** The last number of its address. */
  readonly index: number;
  readonly lab: string;
  readonly network: Network;
  readonly clientKey: { readonly private: string; readonly public: string };
  /** Lines for /etc/hosts. */
  readonly hostsFile: string;
}

/** What is new with a machine, beside its disk. */
export interface Replacement {
  readonly newHostKey?: boolean;
  readonly newAddress?: boolean;
}

/** More than a lab has hosts. */
const addressesApart = 50;

/** A host of a lab: a disk, a network port, and, while it is switched on, processes in namespaces of its own. */
export class Host {
  readonly name: string;
  readonly #spec: HostSpec;
  #index: number;
  readonly #folder: string;
  #hostKey = newKey();
  #client: Client | undefined;
  #linkCut = false;

  constructor(spec: HostSpec) {
    this.#spec = spec;
    this.name = spec.name;
    this.#index = spec.index;
    this.#folder = join(spec.lab, "hosts", spec.name);
  }

  get address(): string {
    return this.#spec.network.address(this.#index);
  }

  /** Login data, as a user's stack file would hold it. */
  get connection(): Connection {
    const [type = "", key = ""] = this.#hostKey.public.split(" ");
    const { clientKey } = this.#spec;
    return { host: this.address, port: 22, user: "root", privateKey: clientKey.private, hostKey: `${type} ${key}` };
  }

  /** The network namespace, for `nsenter --net=/run/netns/…`. */
  get networkNamespace(): string {
    return this.#spec.network.namespaceOf(this.name);
  }

  // --- power ---------------------------------------------------------------------------------------------------------

  /** Makes an empty disk: keys, name and machine id. The lab's shared layer and the machine's files lie beneath. */
  format(): void {
    rmSync(join(this.#folder, "disk"), { recursive: true, force: true });
    for (const part of ["disk/upper", "disk/work", "root"]) mkdirSync(join(this.#folder, part), { recursive: true });
    this.#write("etc/hostname", `${this.name}\n`);
    this.#write("etc/machine-id", `${randomBytes(16).toString("hex")}\n`);
    this.#write("etc/hosts", `127.0.0.1 localhost\n${this.#spec.hostsFile}`);
    this.#write("root/.ssh/authorized_keys", `${this.#spec.clientKey.public}\n`, 0o600);
    this.#write("etc/ssh/ssh_host_ed25519_key", this.#hostKey.private, 0o600);
    this.#write("etc/ssh/ssh_host_ed25519_key.pub", `${this.#hostKey.public}\n`);
  }

  /** Switches it on and waits until it can be logged in to. */
  async powerOn(): Promise<void> {
    if (this.running) return;
    const { network, lab } = this.#spec;
    await network.plug(this.name, this.#index);
    if (this.#linkCut) await network.setPort(this.#index, "down");
    const log = openSync(join(this.#folder, "console.log"), "a");
    const args = [join(import.meta.dirname, "launch.sh"), lab, this.name, this.networkNamespace, this.name];
    const launcher = spawn("bash", args, { detached: true, stdio: ["ignore", log, log] });
    closeSync(log);
    launcher.unref();
    if (this.#linkCut) return;
    try {
      await this.reachable();
    } catch (error) {
      const console = readFileSync(join(this.#folder, "console.log"), "utf8").slice(-2_000);
      throw new Error(`${this.name} did not come up; its console says:\n${console}`, { cause: error });
    }
  }

  /** A power cut: every process dies at once, the disk stays as it is, the network does not answer any more. */
  async powerOff(): Promise<void> {
    this.#disconnect();
    const pid = this.#pid();
    if (pid !== undefined) {
      process.kill(pid, "SIGKILL");
      await until(`${this.name} is off`, () => !alive(pid), { everyMs: 10 });
    }
    rmSync(join(this.#folder, "pid"), { force: true });
    await this.#spec.network.unplug(this.name, this.#index).catch(() => undefined);
  }

  /** Power cut and back. */
  async powerCycle(): Promise<void> {
    await this.powerOff();
    await this.powerOn();
  }

  /** The machine is replaced: off, a new empty disk, on. `newHostKey` where its SSH identity is lost, too. */
  async wipe({ newHostKey = false, newAddress = false }: Replacement = {}): Promise<void> {
    await this.powerOff();
    if (newAddress) this.#index += addressesApart;
    if (newHostKey) this.#hostKey = newKey();
    this.format();
    await this.powerOn();
  }

  get running(): boolean {
    const pid = this.#pid();
    return pid !== undefined && alive(pid);
  }

  #pid(): number | undefined {
    const file = join(this.#folder, "pid");
    const pid = existsSync(file) ? Number(readFileSync(file, "utf8")) : NaN;
    return Number.isInteger(pid) && pid > 1 ? pid : undefined;
  }

  // --- network faults ------------------------------------------------------------------------------------------------

  /** Pulls the cable: the host runs on, nobody reaches it. Lasts over a power cycle. */
  async cutLink(): Promise<void> {
    this.#linkCut = true;
    await this.#spec.network.setPort(this.#index, "down");
    this.#disconnect();
  }

  async restoreLink(): Promise<void> {
    this.#linkCut = false;
    await this.#spec.network.setPort(this.#index, "up");
  }

  /** Delay and loss on what it sends; `{}` ends them. Ends with a power cycle. */
  async shape(quality: LinkQuality): Promise<void> {
    await this.#spec.network.shape(this.name, quality);
  }

  /** Nothing passes between this host and those, in both directions; this machine still reaches all. */
  async separateFrom(others: readonly Host[], separated = true): Promise<void> {
    for (const other of others) {
      await this.#spec.network.block(this.name, other.address, separated);
      await this.#spec.network.block(other.name, this.address, separated);
    }
  }

  // --- clock ---------------------------------------------------------------------------------------------------------

  /**
   * What scripts and k3s take for the time from now on: this machine's clock, put forward by so many seconds (0: as it
   * is). The kernel, and what runs already, keep the machine's.
   */
  async shiftClock(seconds: number): Promise<void> {
    const files = { date: "/usr/local/sbin/date", k3s: "/etc/default/k3s", agent: "/etc/default/k3s-agent" };
    if (seconds === 0) {
      await this.ok(`rm -f ${Object.values(files).join(" ")}`);
      return;
    }
    const library = (await this.ok("ls /usr/lib/*/faketime/libfaketimeMT.so.1")).trim();
    const shifted = `LD_PRELOAD=${library}\nFAKETIME=${seconds > 0 ? "+" : ""}${String(seconds)}\n`;
    await this.put(files.date, `#!/bin/sh\n${shifted.replaceAll("\n", " ")}exec /usr/bin/date "$@"\n`, 0o755);
    await this.put(files.k3s, shifted);
    await this.put(files.agent, shifted);
  }

  // --- SSH -----------------------------------------------------------------------------------------------------------

  /** Waits until sshd lets us in. */
  async reachable(timeoutMs = 30_000): Promise<void> {
    await until(
      `SSH to ${this.name} (${this.address})`,
      async () => {
        try {
          await this.#connect(1_000);
          return true;
        } catch {
          return false;
        }
      },
      { timeoutMs },
    );
  }

  /** Runs a command, whatever it ends with. */
  async run(command: string, options: RunOptions = {}): Promise<Ran> {
    return await execute(await this.#connect(), command, options);
  }

  /** Runs a command that has to succeed; returns what it wrote on stdout. */
  async ok(command: string, options: RunOptions = {}): Promise<string> {
    const ran = await this.run(command, options);
    if (ran.code === 0) return ran.stdout;
    throw new Error(`${this.name}: \`${command}\` ended with ${String(ran.code)}\n${ran.stdout}${ran.stderr}`);
  }

  /** Writes a file on the running host. */
  async put(path: string, content: string, mode = 0o644): Promise<void> {
    const target = `'${path}'`;
    await this.ok(`mkdir -p "$(dirname ${target})" && cat >${target} && chmod ${mode.toString(8)} ${target}`, {
      stdin: content,
    });
  }

  async #connect(timeoutMs?: number): Promise<Client> {
    if (this.#client !== undefined) return this.#client;
    const client = await connect(this.connection, timeoutMs);
    client.once("close", () => {
      if (this.#client === client) this.#client = undefined;
    });
    this.#client = client;
    return client;
  }

  #disconnect(): void {
    this.#client?.destroy();
    this.#client = undefined;
  }

  #write(path: string, content: string, mode = 0o644): void {
    const full = join(this.#folder, "disk/upper", path);
    mkdirSync(dirname(full), { recursive: true, mode: path.startsWith("root/") ? 0o700 : 0o755 });
    writeFileSync(full, content, { mode });
  }
}

function alive(pid: number): boolean {
  try {
    // A killed PID 1 stays a zombie until its parent, unshare, has reaped it; its namespace is empty by then.
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${String(pid)}/status`, "utf8"));
  } catch {
    return false;
  }
}
