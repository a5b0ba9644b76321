/** The real program with the default stack files, in a fleet of its own: what the engine tests of the program share. */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative, resolve } from "node:path";
import { execa } from "execa";
import { parseDocument } from "yaml";

import { changed, Fleet, type Run, type Stack } from "../engine/harness.ts";
import { backendUrl } from "../engine/workspace.ts";

export const repository = resolve(import.meta.dirname, "../../..");

/** One for every secret that the default sites have; each is recognised wherever it turns up. */
export const canaries = {
  "isthmus:secrets.cloudflareToken": "canary-cloudflare-5e1c",
  "isthmus:secrets.proxmoxSshKey": "canary-proxmox-key-77ab",
  "isthmus:secrets.proxmoxToken": "c0ffee00-ca9a-4217-8000-0123456789ab",
  "isthmus:secrets.publicUsers": "canary-users-19fe",
  "isthmus:secrets.snapshotAccessKey": "canary-snapshot-id-77ab",
  "isthmus:secrets.snapshotSecretKey": "canary-snapshot-key-c30d",
  "isthmus:secrets.sshKey": "canary-ssh-key-3d60",
} as const;

export type SiteName = "site-a" | "site-b";

export class TwoSites {
  readonly fleet: Fleet;
  readonly a: Stack;
  readonly b: Stack;
  /** What the project's own commands said. */
  readonly toolRuns: ToolRun[] = [];

  /** `program`: another copy of the repository. */
  constructor(program: string = repository) {
    this.fleet = Fleet.create({ program });
    [this.a, this.b] = [this.fleet.stack("site-a"), this.fleet.stack("site-b")];
    // What the tools compare the backend with.
    this.edit("Pulumi.yaml", ["config", "isthmus:fleet", "value", "state", "backend"], backendUrl(this.fleet.backend));
  }

  /** With a stack for each site, and its secrets. */
  async init(...sites: readonly Stack[]): Promise<void> {
    for (const site of sites) {
      await site.init();
      await site.configure({}, canaries);
    }
  }

  /** `npm run <name> -- <args>` as a person calls it who is in the project's folder. */
  async tool(name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<ToolRun> {
    const run = await execa(process.execPath, [join(repository, "cli/isthmus.js"), name, ...args], {
      cwd: this.fleet.program,
      env: { ...this.fleet.env, ...env },
      extendEnv: false,
      reject: false,
      stdin: "ignore",
    });
    const { exitCode, stdout, stderr } = run;
    const told = { command: `${name} ${args.join(" ")}`, exitCode, stdout, stderr };
    this.toolRuns.push(told);
    return told;
  }

  /** Sets one value in a stack file; undefined takes it out. Gives back what undoes it. */
  edit(file: string, path: readonly string[], value: unknown): () => void {
    const whole = join(this.fleet.program, file);
    const before = readFileSync(whole, "utf8");
    const document = parseDocument(before);
    if (value === undefined) document.deleteIn(path);
    else document.setIn(path, value);
    writeFileSync(whole, document.toString());
    return () => {
      writeFileSync(whole, before);
    };
  }

  /** Everything that exists of a site: in its cluster and on its Proxmox hosts. */
  thingsOf(site: SiteName): readonly string[] {
    const things = this.fleet.store.list().filter((thing) => thing.urn.startsWith(`urn:pulumi:${site}::`));
    return things.map((thing) => thing.key.join("/"));
  }

  /** The stack files, the state and the passphrase are there; nothing else of this computer is. */
  newComputer(): Readonly<Record<string, string>> {
    const home = mkdtempSync(join(tmpdir(), "isthmus-home-"));
    return { HOME: home, PULUMI_HOME: join(home, ".pulumi") };
  }

  dispose(): void {
    this.fleet.dispose();
  }
}

export interface ToolRun {
  readonly command: string;
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** What it was, and the resource's name. */
export function summary(run: Run): readonly string[] {
  const steps = run.planned.length > 0 ? run.planned : run.done;
  return changed(steps).map((step) => `${step.op} ${step.name}`);
}

/** The project's files as copies that may be edited; its packages resolve to the copies, all others to what is installed. */
export function copyOfRepository(): { readonly folder: string; readonly dispose: () => void } {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-program-"));
  const parts = [
    "index.ts",
    "main.js",
    "package.json",
    "tsconfig.json",
    "config",
    "plan",
    "program",
    "components",
    "policy",
  ];
  const files = readdirSync(repository).filter((name) => parts.includes(name) || /^Pulumi.*\.yaml$/.test(name));
  for (const name of files) {
    cpSync(join(repository, name), join(folder, name), {
      recursive: true,
      filter: (path) => basename(path) !== "node_modules",
    });
  }
  const scope = join(folder, "node_modules/@isthmus");
  mkdirSync(scope, { recursive: true });
  const installed = join(repository, "node_modules");
  for (const name of readdirSync(installed).filter((one) => one !== "@isthmus" && !one.startsWith("."))) {
    symlinkSync(join(installed, name), join(folder, "node_modules", name));
  }
  for (const name of readdirSync(join(installed, "@isthmus"))) {
    const source = relative(repository, realpathSync(join(installed, "@isthmus", name)));
    symlinkSync(join(folder, source), join(scope, name));
  }
  return {
    folder,
    dispose: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
