import { join } from "node:path";
import type { Host } from "../../../tests/kits/lab/hosts.ts";
import type { TestSite } from "../../../tests/kits/site/test-site.ts";
import { Fleet, must, type Run } from "../../../tests/kits/engine/harness.ts";

/** Seconds, but for the sessions. */
export interface SecondRun {
  /** A program that does not even load the SDK. */
  readonly engine: number;
  /** One that loads it and registers nothing. */
  readonly empty: number;
  /** The site's, without a change. */
  readonly ours: number;
  /** SSH sessions that the hosts' sshd let in meanwhile. */
  readonly sessions: number;
}

/** Engines like that of the site, for programs to compare with. */
export class OtherPrograms {
  readonly #fleets = ["nothing", "empty"].map((name) => ({
    name,
    fleet: Fleet.create({ program: join(import.meta.dirname, "programs", name) }),
  }));

  static async create(): Promise<OtherPrograms> {
    const programs = new OtherPrograms();
    for (const { name, fleet } of programs.#fleets) {
      await fleet.stack(name).init();
      must(await fleet.stack(name).up());
    }
    return programs;
  }

  /** Seconds that an `up` of each takes. */
  async up(): Promise<Pick<SecondRun, "engine" | "empty">> {
    const [engine = NaN, empty = NaN] = await inTurn(this.#fleets, ({ name, fleet }) => fleet.stack(name).up());
    return { engine, empty };
  }

  dispose(): void {
    for (const { fleet } of this.#fleets) fleet.dispose();
  }
}

async function inTurn<Each>(list: readonly Each[], run: (each: Each) => Promise<Run>): Promise<readonly number[]> {
  const seconds: number[] = [];
  for (const each of list) seconds.push(must(await run(each)).milliseconds / 1000);
  return seconds;
}

/** A run of the site's program without a change, and one of each other program. */
export async function secondRun(site: TestSite, others: OtherPrograms): Promise<SecondRun> {
  const compared = await others.up();
  // Asked over connections that are open from here on, so that asking is not counted.
  const before = await logins(site.lab.hosts);
  const run = await site.goesUp();
  return { ...compared, ours: run.milliseconds / 1000, sessions: (await logins(site.lab.hosts)) - before };
}

async function logins(hosts: readonly Host[]): Promise<number> {
  const counts = await Promise.all(
    hosts.map((host) => host.run("journalctl -u ssh --no-pager -o cat | grep -c '^Accepted publickey'")),
  );
  return counts.reduce((sum, { stdout }) => sum + Number(stdout.trim()), 0);
}
