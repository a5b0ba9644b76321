/** The real program with the default stack files, in a fleet of its own: what the engine tests of the program share. */
import { join, resolve } from "node:path";
import { execa } from "execa";

import { changed, Fleet, type Run, type Stack } from "./harness.ts";

const repository = resolve(import.meta.dirname, "../..");

/** One for every secret that the default sites have; each is recognised wherever it turns up. */
export const canaries = {
  "isthmus:secrets.cloudflareToken": "canary-cloudflare-5e1c",
  "isthmus:secrets.proxmoxSshKey": "canary-proxmox-key-77ab",
  "isthmus:secrets.proxmoxToken": "c0ffee00-ca9a-4217-8000-0123456789ab",
  "isthmus:secrets.publicUsers": "canary-users-19fe",
  "isthmus:secrets.sshKey": "canary-ssh-key-3d60",
} as const;

export class TwoSites {
  readonly fleet: Fleet;
  readonly a: Stack;
  readonly b: Stack;

  /** `program`: another copy of the repository. */
  constructor(program: string = repository) {
    this.fleet = Fleet.create({ program });
    [this.a, this.b] = [this.fleet.stack("site-a"), this.fleet.stack("site-b")];
  }

  /** With a stack for each site; `configured`: with its secrets. */
  async init(...sites: readonly Stack[]): Promise<void> {
    for (const site of sites) {
      await site.init();
      await site.configure({}, canaries);
    }
  }

  /** `npm run <name> -- <args>` as a person calls it who is in the project's folder. */
  async tool(name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<ToolRun> {
    const file = join(this.fleet.program, "tools", `${name}.ts`);
    const run = await execa(process.execPath, ["--import", "tsx", file, ...args], {
      cwd: this.fleet.program,
      env: { ...this.fleet.env, ...env },
      extendEnv: false,
      reject: false,
      stdin: "ignore",
    });
    const { exitCode, stdout, stderr } = run;
    return { exitCode, stdout, stderr };
  }

  /** What exists at a site's cluster and on its Proxmox hosts. */
  thingsOf(site: "site-a" | "site-b"): readonly string[] {
    const urn = `urn:pulumi:${site}::`;
    return this.fleet.store
      .list()
      .filter((thing) => thing.urn.startsWith(urn))
      .map((thing) => thing.key.join("/"));
  }

  dispose(): void {
    this.fleet.dispose();
  }
}

export interface ToolRun {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** What it was, and the resource's name. */
export function summary(run: Run): readonly string[] {
  const steps = run.planned.length > 0 ? run.planned : run.done;
  return changed(steps).map((step) => `${step.op} ${step.name}`);
}
