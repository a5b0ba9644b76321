/** A folder in which the real engine runs a program without touching, or being touched by, anything of the person's. */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { buildSync } from "esbuild";
import { isMap, parseDocument, visit } from "yaml";

import { requirePulumi } from "./cli.ts";

export const PACKAGES = ["command", "kubernetes", "proxmoxve", "random", "tls"] as const;
export const PASSPHRASE = "engine tests";

export interface Workspace {
  readonly root: string;
  /** The program, as the engine sees it: links to its files, copies of its stack files. */
  readonly program: string;
  /** What exists, and the log of calls. */
  readonly world: string;
  readonly backend: string;
  readonly faults: string;
  readonly answers: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface WorkspaceOptions {
  /** The folder with `Pulumi.yaml`. */
  readonly program: string;
  /** A module that exports `executor`, in place of the table. */
  readonly executor?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export function createWorkspace(options: WorkspaceOptions): Workspace {
  const root = mkdtempSync(join(tmpdir(), "isthmus-engine-"));
  const folder = (name: string): string => {
    const path = join(root, name);
    mkdirSync(path, { mode: 0o700 });
    return path;
  };
  const [bin, home, world, backend, program] = [
    folder("bin"),
    folder("home"),
    folder("world"),
    folder("backend"),
    folder("program"),
  ];
  const [faults, answers] = [join(root, "faults.json"), join(root, "answers.json")];
  for (const file of [faults, answers]) writeFileSync(file, "[]");
  bundle(resolve(import.meta.dirname, "../providers/provider.ts"), join(root, "provider.mjs"));
  if (options.executor !== undefined) bundle(resolve(options.executor), join(root, "executor.mjs"));
  for (const name of PACKAGES) writeProvider({ root, bin, name });
  linkProgram(resolve(options.program), program);
  const sim = { ISTHMUS_SIM_STORE: world, ISTHMUS_SIM_FAULTS: faults, ISTHMUS_SIM_ANSWERS: answers };
  const executor = options.executor === undefined ? {} : { ISTHMUS_SIM_EXECUTOR: join(root, "executor.mjs") };
  const env = { ...environment({ root, bin, home, backend }), ...sim, ...executor, ...options.env };
  return { root, program, world, backend, faults, answers, env };
}

/** As docs/guide/state.md advises: with files of checksums a kill can tear one, and every command then says `EOF`. */
export function backendUrl(folder: string): string {
  return `file://${folder}?metadata=skip`;
}

/** Nothing of the caller's environment but the way to the programs. */
function environment(at: {
  readonly root: string;
  readonly bin: string;
  readonly home: string;
  readonly backend: string;
}): Record<string, string> {
  const path = [at.bin, requirePulumi(), dirname(process.execPath), "/usr/local/bin", "/usr/bin", "/bin"];
  return {
    PATH: path.join(":"),
    HOME: at.home,
    LANG: "C.UTF-8",
    PULUMI_HOME: join(at.home, ".pulumi"),
    PULUMI_BACKEND_URL: backendUrl(at.backend),
    PULUMI_CONFIG_PASSPHRASE: PASSPHRASE,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    // `--event-log` is one of the commands for programs, as is all that the Automation API uses.
    PULUMI_DEBUG_COMMANDS: "true",
    // The engine lives for seconds: collecting garbage less often spares a fifth of its processor time.
    GOGC: "400",
    // Whatever would leave this machine runs into a closed door.
    HTTPS_PROXY: "http://127.0.0.1:9",
    HTTP_PROXY: "http://127.0.0.1:9",
    NO_PROXY: "127.0.0.1,localhost",
  };
}

/** One file starts in 150 ms where the sources take 500, and every run starts one process a package. */
function bundle(source: string, target: string): void {
  buildSync({
    entryPoints: [source],
    outfile: target,
    bundle: true,
    platform: "node",
    format: "esm",
    // Optional native parts of ssh2, which does without.
    external: ["*.node", "cpu-features"],
    // What CommonJS packages expect to be there.
    banner: {
      js: `import { createRequire } from "node:module"; const require = createRequire(import.meta.url); const __dirname = import.meta.dirname;`,
    },
    logLevel: "error",
  });
}

interface ProviderScript {
  readonly root: string;
  readonly bin: string;
  readonly name: (typeof PACKAGES)[number];
}

function writeProvider({ root, bin, name }: ProviderScript): void {
  const file = join(bin, `pulumi-resource-${name}`);
  const start = `exec '${process.execPath}' '${join(root, "provider.mjs")}' --package ${name} --version ${sdkVersion(name)} "$@"`;
  writeFileSync(file, `#!/bin/sh\n${start}\n`);
  chmodSync(file, 0o755);
}

/** The engine compares a plugin's version with its SDK's; for a package whose SDK is not used here, any serves. */
function sdkVersion(name: (typeof PACKAGES)[number]): string {
  const sdk = name === "proxmoxve" ? "@muhlba91/pulumi-proxmoxve" : `@pulumi/${name}`;
  const modules = nearestModules(import.meta.dirname) ?? "";
  const file = join(modules, sdk, "package.json");
  if (!existsSync(file)) return "1.0.0";
  return (JSON.parse(readFileSync(file, "utf8")) as { readonly version: string }).version.replace(/^v/, "");
}

/** Links, but copies of `Pulumi*.yaml`, which the engine writes to; and the nearest `node_modules` above. */
function linkProgram(from: string, to: string): void {
  for (const entry of readdirSync(from)) {
    if (/^Pulumi(\..+)?\.yaml$/.test(entry)) cpSync(join(from, entry), join(to, entry));
    else if (entry !== ".git") symlinkSync(join(from, entry), join(to, entry));
  }
  for (const entry of readdirSync(to)) if (/^Pulumi\..+\.yaml$/.test(entry)) withoutSecrets(join(to, entry));
  const modules = nearestModules(from);
  if (modules !== undefined && !existsSync(join(to, "node_modules"))) symlinkSync(modules, join(to, "node_modules"));
}

/** What was encrypted with a passphrase that is not ours cannot be read; the test gives its own secrets. */
function withoutSecrets(file: string): void {
  const document = parseDocument(readFileSync(file, "utf8"));
  document.delete("encryptionsalt");
  visit(document, {
    Pair: (_, pair) =>
      isMap(pair.value) && pair.value.items.length === 1 && pair.value.has("secure") ? visit.REMOVE : undefined,
  });
  writeFileSync(file, document.toString());
}

function nearestModules(folder: string): string | undefined {
  const modules = join(folder, "node_modules");
  if (existsSync(modules)) return modules;
  return dirname(folder) === folder ? undefined : nearestModules(dirname(folder));
}
