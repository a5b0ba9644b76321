import { join } from "node:path";
import type { Host } from "../../../tests/hosts/hosts.ts";
import type { TestSite } from "../../../tests/hosts/scenarios/test-site.ts";
import { Fleet, must } from "../../../tests/engine/harness.ts";

export interface SecondRun {
  readonly emptySeconds: number;
  readonly seconds: number;
  /** SSH sessions that the hosts' sshd let in meanwhile. */
  readonly sessions: number;
}

/** An engine like that of the site, for a program that registers nothing. */
export class EmptyProgram {
  readonly #fleet = Fleet.create({ program: join(import.meta.dirname, "empty-program") });

  static async create(): Promise<EmptyProgram> {
    const program = new EmptyProgram();
    await program.#stack.init();
    await program.up();
    return program;
  }

  /** Seconds. */
  async up(): Promise<number> {
    return must(await this.#stack.up()).milliseconds / 1000;
  }

  dispose(): void {
    this.#fleet.dispose();
  }

  get #stack() {
    return this.#fleet.stack("empty");
  }
}

/** A run of the site's program without a change, and one of the empty program. */
export async function secondRun(site: TestSite, empty: EmptyProgram): Promise<SecondRun> {
  const emptySeconds = await empty.up();
  // Asked over connections that are open from here on, so that asking is not counted.
  const before = await logins(site.lab.hosts);
  const run = await site.goesUp();
  return { emptySeconds, seconds: run.milliseconds / 1000, sessions: (await logins(site.lab.hosts)) - before };
}

async function logins(hosts: readonly Host[]): Promise<number> {
  const counts = await Promise.all(
    hosts.map((host) => host.run("journalctl -u ssh --no-pager -o cat | grep -c '^Accepted publickey'")),
  );
  return counts.reduce((sum, { stdout }) => sum + Number(stdout.trim()), 0);
}
