import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { UserError } from "@isthmus/core";
import { boards } from "@isthmus/hosts";
import { describeFindings } from "../../../config/describe.ts";
import { planStackFiles } from "../../../plan/stack-files.ts";
import { ask, say, UsageError, type ExitCode } from "../../lib/command-line.ts";
import { byAsking, withoutAsking, type Answers, type Given } from "../../lib/init/answers.ts";
import { checksumsFor } from "../../lib/init/checksums.ts";
import { filesOf, type NewFleet } from "../../lib/init/files.ts";
import { readInventory } from "../../lib/init/inventory.ts";
import { knownKey } from "../../lib/init/known-hosts.ts";
import { shownKey } from "../../lib/init/scan.ts";
import { preview } from "./preview.ts";

interface Options extends Omit<Given, "machines" | "hardware"> {
  readonly folder: string;
  readonly node: Given["machines"];
  readonly machine: Given["hardware"];
  readonly inventory: string | undefined;
  readonly hostKey: readonly (readonly [name: string, key: string])[];
  readonly knownHosts: string | undefined;
  readonly checksum: readonly (readonly ["amd64" | "arm64", string])[];
}

const program = resolve(import.meta.dirname, "../../..");

export async function init(options: Options): Promise<ExitCode> {
  const { folder } = options;
  refuseStackFiles(folder);
  const listed =
    options.inventory === undefined ? [] : readInventory(readFileSync(options.inventory, "utf8"), options.inventory);
  const own = options.node.map(({ name }) => name);
  const machines = [...listed.filter(({ name }) => !own.includes(name)), ...options.node];
  const given: Given = { ...options, machines, hardware: options.machine };
  const answers = process.stdin.isTTY
    ? await byAsking(given, (question) => ask(question, "give it as an option"), say)
    : withoutAsking(given);
  const fleet = await completed(answers, options);
  const files = filesOf(fleet);
  check(files);
  write(folder, files);
  say(`Written to ${folder}: ${[...files.keys()].join(", ")}\n`);
  const code = await preview({ config: folder, sites: [], json: false, out: undefined, tree: false, all: false });
  say(afterwards(folder, fleet));
  return code;
}

/** Whoever has stack files keeps them. */
function refuseStackFiles(folder: string): void {
  const there = existsSync(folder) ? readdirSync(folder).filter((name) => /^pulumi\b.*\.ya?ml$/i.test(name)) : [];
  if (there.length === 0) return;
  throw new UserError(
    `${folder} has stack files (${there.join(", ")}), and init overwrites none. Name another folder: npx isthmus init FOLDER`,
  );
}

/** With what is asked of the machines and of k3s' publisher. */
async function completed(answers: Answers, { folder, hostKey, knownHosts, checksum }: Options): Promise<NewFleet> {
  const known = knownHosts ?? join(homedir(), ".ssh/known_hosts");
  const text = existsSync(known) ? readFileSync(known, "utf8") : "";
  const given = new Map(hostKey);
  const machines = await Promise.all(
    answers.machines.map(async (machine) => ({
      ...machine,
      hostKey:
        given.get(machine.name) ?? knownKey(text, [machine.address, machine.name]) ?? (await shownKey(machine.address)),
    })),
  );
  const strangers = [...given.keys()].filter((name) => !machines.some((machine) => machine.name === name));
  if (strangers.length > 0) throw new UsageError(`--host-key names no machine of these: ${strangers.join(", ")}`);
  const architectures = machines.map(({ hardware }) =>
    "board" in hardware ? boards[hardware.board].architecture : hardware.architecture,
  );
  return {
    ...answers,
    machines,
    checksums: await checksumsFor(architectures, Object.fromEntries(checksum)),
    program: pathToProgram(folder),
  };
}

function pathToProgram(folder: string): string {
  let above = resolve(folder);
  while (!existsSync(above)) above = resolve(above, "..");
  const real = resolve(realpathSync(above), relative(above, resolve(folder)));
  return relative(real, realpathSync(program));
}

/** What is written is in order as a whole, or nothing is written. */
function check(files: ReadonlyMap<string, string>): void {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-init-"));
  try {
    write(folder, files);
    const planned = planStackFiles(folder);
    if ("fleet" in planned) return;
    const told = describeFindings(planned.findings, planned.sources);
    throw new UserError(`Nothing was written. In the files that would have been, ${told}`, planned.findings);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function write(folder: string, files: ReadonlyMap<string, string>): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of files) {
    // Somebody's own .gitignore stays.
    if (name === ".gitignore" && existsSync(join(folder, name))) continue;
    writeFileSync(join(folder, name), text, { flag: "wx" });
  }
}

function afterwards(folder: string, { site, machines, program: path }: NewFleet): string {
  const unknown = machines.filter(({ hostKey }) => hostKey === undefined);
  const keys = unknown.map(({ name, address }) => `  ${name}: ssh-keyscan -t ed25519 ${address}`).join("\n");
  const find = `export ISTHMUS_CONFIG=${resolve(folder)}    # so that every command finds these files; \`pulumi\` is run in that folder`;
  return [
    ...(unknown.length === 0
      ? ["\nCompare each hostKey with what the machine's own console says: cat /etc/ssh/ssh_host_ed25519_key.pub"]
      : [
          `\nThese machines did not answer. Until their hostKey in Pulumi.${site}.yaml is theirs, \`up\` trusts none of them:\n${keys}`,
        ]),
    ...(path === "" ? [] : [find]),
    "Change the files until you like what preview says: npx isthmus preview. Then: docs/guide/first-site.md, from step 3.",
  ].join("\n");
}
