import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { listAt, mapAt, textAt, type Json } from "../../../cli/lib/charts/kubernetes.ts";
import { run, until } from "../lab/command.ts";
import { environmentOf } from "./environment.ts";
import { makeVolumes, type Held, type Owner, type Volume } from "./volumes.ts";

export interface PodSpec {
  /** Its name, such as `minio-0`. */
  readonly name: string;
  readonly namespace: string;
  /** The spec of the pod, as it is rendered. */
  readonly spec: Json;
  /** Claims of its own by their name; what they hold is kept from start to start. */
  readonly claims?: readonly string[];
  /** What its containers find at /usr. */
  readonly usr: string;
  readonly held: Held;
  /** Names that lead elsewhere for this pod alone, with their addresses. */
  readonly names?: Readonly<Record<string, string>>;
}

export interface Network {
  readonly namespace: string;
  readonly address: string;
}

/** What a command in a pod came to. */
export interface Ran {
  readonly code: number;
  readonly out: string;
}

/** Files of this machine that programs need to know users, names and libraries. */
const shared = ["/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/nsswitch.conf", "/etc/passwd"];

/**
 * A pod whose containers share everything but their commands: the first has the mounts, the others run in its namespaces. User,
 * groups, mounts, environment and commands are those that are rendered; root's capabilities are none.
 */
export class Pod {
  private child: ChildProcess | undefined;
  private readonly sidecars: ChildProcess[] = [];
  private inner: number | undefined;
  private text = "";
  /** Whether nobody killed it since its last start. */
  wasStarted = false;
  private held: Held;

  constructor(
    readonly spec: PodSpec,
    private readonly network: Network,
    private readonly folder: string,
  ) {
    this.held = spec.held;
  }

  get address(): string {
    return this.network.address;
  }

  /** What its containers said since it was made. */
  get said(): string {
    return this.text;
  }

  get running(): boolean {
    return this.child !== undefined;
  }

  /** The folder of a volume or a claim. */
  volume(name: string): string {
    const found = this.volumes().find((one) => one.name === name);
    if (found === undefined) throw new Error(`${this.spec.name} has no volume ${name}`);
    return found.folder;
  }

  /** Gives it other Secrets: volumes change at once, environments with the next start. */
  hold(held: Held): void {
    this.held = held;
    this.volumes();
  }

  async start(): Promise<void> {
    const [main, ...others] = this.containers();
    if (main === undefined) throw new Error(`${this.spec.name} has no container`);
    const child = spawn("nsenter", this.sandbox(main), { stdio: ["ignore", "pipe", "pipe", "pipe"] });
    this.child = child;
    this.wasStarted = true;
    this.hear(child);
    let status = "";
    child.stdio[3]?.on("data", (part: Buffer) => (status += part.toString()));
    child.once("exit", () => {
      if (this.child === child) this.child = this.inner = undefined;
    });
    await until(`${this.spec.name} starts`, () => {
      if (!this.running) throw new Error(`${this.spec.name} ended at once: ${this.text}`);
      const found = /"child-pid": (\d+)/.exec(status)?.[1];
      this.inner = found === undefined ? undefined : Number(found);
      return this.inner !== undefined && isSetUp(this.inner);
    });
    for (const container of others) {
      const sidecar = spawn("nsenter", this.inside(container, commandOf(container)), {
        stdio: ["ignore", "pipe", "pipe"],
      });
      this.hear(sidecar);
      this.sidecars.push(sidecar);
    }
  }

  /** All of it at once, as when its node is lost. */
  async kill(): Promise<void> {
    const { child } = this;
    this.wasStarted = false;
    if (child === undefined) return;
    const over = new Promise((resolve) => child.once("exit", resolve));
    // The first process of its namespace: the kernel takes all others along.
    if (this.inner !== undefined) process.kill(this.inner, "SIGKILL");
    child.kill("SIGKILL");
    await over;
    this.child = this.inner = undefined;
    this.sidecars.length = 0;
  }

  /** A command in its first container, as with kubectl exec. */
  async exec(command: readonly string[], input = ""): Promise<Ran> {
    const [main] = this.containers();
    const { exitCode, all } = await execa("nsenter", this.inside(main ?? {}, command), {
      reject: false,
      all: true,
      input,
      timeout: 60_000,
    });
    return { code: exitCode ?? -1, out: all };
  }

  /** A command of this machine in the pod's network. */
  async inNetwork(command: readonly string[]): Promise<void> {
    await run("ip", ["netns", "exec", this.network.namespace, ...command]);
  }

  private hear(child: ChildProcess): void {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (part: Buffer) => (this.text += part.toString()));
    }
  }

  private containers(): readonly Json[] {
    return listAt(this.spec.spec, "containers");
  }

  private owner(): Owner {
    const security = mapAt(this.spec.spec, "securityContext");
    const { runAsUser = 0, runAsGroup = 0 } = security;
    return { user: Number(runAsUser), group: Number(security["fsGroup"] ?? runAsGroup) };
  }

  private volumes(): readonly Volume[] {
    const { spec, claims = [] } = this.spec;
    return makeVolumes(this.folder, { spec, claims, held: this.held, owner: this.owner() });
  }

  private sandbox(main: Json): string[] {
    const { name, usr } = this.spec;
    const volumes = this.volumes();
    const root = [
      ...["--ro-bind", usr, "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/sbin", "/sbin"],
      ...["--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64", "--proc", "/proc", "--dev", "/dev"],
      ...["--perms", "1777", "--tmpfs", "/tmp", "--perms", "1777", "--tmpfs", "/run"],
      ...folders(["/etc", "/var"]),
      ...shared.flatMap((file) => ["--ro-bind-try", file, file]),
      ...["--ro-bind", this.namesFile(), "/etc/hosts"],
    ];
    const mounts = listAt(main, "volumeMounts")
      .map((mount) => ({
        at: textAt(mount, "mountPath") ?? "",
        from: volumes.find((volume) => volume.name === mount["name"])?.folder ?? "",
        how: mount["readOnly"] === true ? "--ro-bind" : "--bind",
      }))
      // Where one lies in another, the outer one comes first.
      .sort((one, other) => one.at.length - other.at.length)
      .flatMap(({ how, from, at }) => [...folders(parentsOf(at)), how, from, at]);
    const kept = ["CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"].flatMap((capability) => ["--cap-add", capability]);
    return [
      `--net=/run/netns/${this.network.namespace}`,
      ...["bwrap", "--die-with-parent", "--json-status-fd", "3", "--unshare-pid", "--unshare-ipc", "--unshare-uts"],
      ...["--hostname", name, ...root, ...mounts, ...kept, "--", ...this.as(main, commandOf(main))],
    ];
  }

  /** The lab's names, and its own before them. */
  private namesFile(): string {
    const file = join(this.folder, "names");
    const own = Object.entries(this.spec.names ?? {}).map(([name, address]) => `${address} ${name}\n`);
    writeFileSync(file, own.join("") + readFileSync(join(dirname(dirname(this.folder)), "names"), "utf8"));
    return file;
  }

  private inside(container: Json, command: readonly string[]): string[] {
    if (this.inner === undefined) throw new Error(`${this.spec.name} does not run`);
    return ["-t", String(this.inner), "-m", "-p", "-i", "-u", "-n", "-r", ...this.as(container, command)];
  }

  /** As the user of the pod, with the environment of the container alone. */
  private as(container: Json, command: readonly string[]): string[] {
    const { user, group } = this.owner();
    const { name, namespace } = this.spec;
    const own = environmentOf(container, { name, namespace, address: this.address }, this.held);
    const environment = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/tmp", ...own };
    return [
      ...["setpriv", "--reuid", String(user), "--regid", String(group), "--clear-groups", "--inh-caps=-all"],
      ...["--bounding-set=-all", "--no-new-privs", "env", "-i"],
      ...Object.entries(environment).map(([key, value]) => `${key}=${value}`),
      ...command,
    ];
  }
}

/** What a container runs. */
export function commandOf(container: Json): string[] {
  return ["command", "args"].flatMap((key) => {
    const list = container[key];
    return Array.isArray(list) ? list.map(String) : [];
  });
}

/** Folders that everyone may look into: those that are made for a mount on the way to it are root's alone. */
const folders = (paths: readonly string[]): string[] => paths.flatMap((path) => ["--perms", "0755", "--dir", path]);

function parentsOf(path: string): string[] {
  const above = dirname(path.replace(/\/+$/, ""));
  return above === "/" ? [] : [...parentsOf(above), above];
}

/** Whether a process has the files of its pod, and nothing of this machine any more. */
function isSetUp(process: number): boolean {
  const root = `/proc/${process}/root`;
  return existsSync(`${root}/etc/hosts`) && !existsSync(`${root}/var/lib`);
}

/** The data of a rendered ConfigMap or Secret, as a volume of it is filled. */
export function dataOf(object: Json): Readonly<Record<string, string>> {
  const plain = Object.entries(mapAt(object, "data")).map(([key, value]) => [
    key,
    object["kind"] === "Secret" ? Buffer.from(String(value), "base64").toString() : String(value),
  ]);
  return Object.fromEntries(plain) as Readonly<Record<string, string>>;
}
