import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "../lab/command.ts";
import { claimPlace, type Place } from "../lab/lab.ts";
import { Pod, type PodSpec } from "./pod.ts";

/** The first address of a pod. */
const firstIndex = 11;

/** What containers find below /usr: this machine's programs, with others laid over them. */
export interface ImageContent {
  /** Folders laid out like /usr, those before over those after. */
  readonly over?: readonly string[];
  /** Further files by their path below /usr; programs all of them. */
  readonly programs?: Readonly<Record<string, string>>;
}

/**
 * Pods of namespaces on a network of their own, with real programs in them: each has an address, so that ports, names and
 * certificates are those that are rendered. Nothing schedules, probes or restarts them: tests do.
 */
export class PodLab {
  private readonly pods: Pod[] = [];
  private readonly names = new Map<string, string>();

  private constructor(private readonly place: Place) {}

  static async create(): Promise<PodLab> {
    const place = await claimPlace();
    try {
      await place.network.create();
    } catch (error) {
      await place.remove();
      throw error;
    }
    return new PodLab(place);
  }

  get folder(): string {
    return this.place.folder;
  }

  /** The address of this machine in the pods' network. */
  get ownAddress(): string {
    return this.place.network.address(1);
  }

  async image(name: string, { over = [], programs = {} }: ImageContent): Promise<string> {
    const own = join(this.folder, "images", name);
    for (const [path, text] of Object.entries(programs)) {
      mkdirSync(dirname(join(own, "programs", path)), { recursive: true });
      writeFileSync(join(own, "programs", path), text, { mode: 0o755 });
    }
    mkdirSync(join(own, "programs"), { recursive: true });
    mkdirSync(join(own, "usr"));
    const layers = [join(own, "programs"), ...over, "/usr"];
    await run("mount", ["-t", "overlay", "overlay", "-o", `ro,lowerdir=${layers.join(":")}`, join(own, "usr")]);
    return join(own, "usr");
  }

  /** A pod with an address, not started yet. */
  async pod(spec: PodSpec): Promise<Pod> {
    const index = firstIndex + this.pods.length;
    const name = `pod${index}`;
    await this.place.network.plug(name, index);
    const network = { namespace: this.place.network.namespaceOf(name), address: this.place.network.address(index) };
    const pod = new Pod(spec, network, join(this.folder, "pods", spec.name));
    this.pods.push(pod);
    return pod;
  }

  /** What names lead to, in every pod that starts afterwards. */
  resolve(address: string, names: readonly string[]): void {
    for (const name of names) this.names.set(name, address);
    const lines = [...this.names].map(([name, at]) => `${at} ${name}`);
    writeFileSync(join(this.folder, "names"), ["127.0.0.1 localhost", ...lines, ""].join("\n"));
  }

  async remove(): Promise<void> {
    for (const pod of this.pods) await pod.kill();
    await this.place.remove();
  }
}
