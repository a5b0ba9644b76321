import { existsSync } from "node:fs";
import { isAbsolute } from "node:path";
import type { Finding, SourcePath } from "@isthmus/core";
import { parseCheckpoint, pendingOf, type Checkpoint } from "../pulumi/checkpoint.ts";
import { explain, runPulumi } from "../pulumi/cli.ts";
import { exportStack, stackNames, type StackAt } from "../pulumi/stacks.ts";
import { backendUrl, samePlace } from "./backend.ts";
import { newestCopies } from "./backup.ts";
import { readCopies, type Manifest } from "./manifest.ts";
import { defineRule } from "../rules.ts";

const otherBackendRule = defineRule({
  id: "other-backend",
  severity: "high",
  summary: "The CLI uses the backend that the fleet states.",
  fix: "Log in to the stated backend, or correct the stack file.",
  docs: "docs/guide/state.md#the-state",
});

const noStackRule = defineRule({
  id: "no-stack",
  severity: "high",
  summary: "The backend has a stack of each site.",
  fix: "Init it, or restore it from a copy.",
  docs: "docs/guide/state.md#the-state",
});

const unreadableStackRule = defineRule({
  id: "unreadable-stack",
  severity: "critical",
  summary: "Every stack's secrets can be read with the passphrase.",
  fix: "Use the passphrase that the stack was encrypted with.",
  docs: "docs/guide/state.md#the-state",
});

const otherSecretsProviderRule = defineRule({
  id: "other-secrets-provider",
  severity: "high",
  summary: "All stacks are encrypted by the passphrase.",
  fix: "Change the secrets provider of the stack to the passphrase.",
  docs: "docs/guide/state.md#the-state",
});

const killedRunRule = defineRule({
  id: "killed-run",
  severity: "high",
  summary: "No run of a stack was killed.",
  fix: "Recover the stack: npm run recover -- SITE.",
  docs: "docs/guide/state.md#a-run-was-killed",
});

const noCopyRule = defineRule({
  id: "no-copy",
  severity: "critical",
  summary: "There is a copy of the state.",
  fix: "Make one: npm run state -- backup --to FOLDER.",
  docs: "docs/guide/state.md#the-state",
});

const oldCopyRule = defineRule({
  id: "old-copy",
  severity: "high",
  summary: "The copy of the state is of the state as it is.",
  fix: "Make a new one: npm run state -- backup --to FOLDER.",
  docs: "docs/guide/state.md#the-state",
});

/** `fleet.state` of the stack files. */
interface StatedState {
  readonly backend: string;
  readonly standsAt: string;
  readonly copyAt?: string | undefined;
}

/** A stack as the backend has it. */
interface FoundStack {
  readonly name: string;
  readonly state: Checkpoint;
  /** Why its secrets cannot be read with the passphrase at hand. */
  readonly unreadable?: string | undefined;
}

/** Everything that a check looks at. */
export interface Facts {
  readonly stated: StatedState;
  readonly sites: readonly string[];
  readonly backend: string;
  readonly stacks: readonly FoundStack[];
  /** The newest copies; absent: none, or nobody said where they are. */
  readonly copies?: { readonly folder: string; readonly manifest: Manifest } | undefined;
  /** Where copies were looked for. */
  readonly copiesAt?: string | undefined;
}

const at = (key: string): SourcePath => `Pulumi.yaml#/state/${key}`;
const stack = (name: string): SourcePath => `Pulumi.${name}.yaml#/`;

/** What is wrong, all of it. */
export function checkState(facts: Facts): readonly Finding[] {
  return [...checkBackend(facts), ...checkStacks(facts), ...checkCopies(facts)];
}

function checkBackend({ stated, backend }: Facts): readonly Finding[] {
  if (samePlace(stated.backend, backend)) return [];
  return [
    {
      rule: otherBackendRule.id,
      at: at("backend"),
      problem: `the CLI uses ${JSON.stringify(backend)}, the file says ${JSON.stringify(stated.backend)}`,
      fix: `pulumi login '${stated.backend}', or unset PULUMI_BACKEND_URL; if the file is wrong, fix it`,
    },
  ];
}

function checkStacks({ sites, stacks }: Facts): readonly Finding[] {
  const names = new Set(stacks.map(({ name }) => name));
  const missing = sites
    .filter((site) => !names.has(site))
    .map((site): Finding => ({
      rule: noStackRule.id,
      at: stack(site),
      problem: `the backend has no stack "${site}"`,
      fix: `if it was never there: pulumi stack init ${site} --secrets-provider passphrase; if it was: npm run state -- restore`,
    }));
  return [...missing, ...stacks.flatMap(checkStack)];
}

function checkStack({ name, state, unreadable }: FoundStack): readonly Finding[] {
  const provider = state.deployment.secrets_providers?.type;
  const findings: (Finding | undefined)[] = [
    unreadable === undefined
      ? undefined
      : {
          rule: unreadableStackRule.id,
          at: stack(name),
          problem: `secrets of "${name}" cannot be read`,
          fix: unreadable,
        },
    provider === undefined || provider === "passphrase"
      ? undefined
      : {
          rule: otherSecretsProviderRule.id,
          at: stack(name),
          problem: `"${name}" is encrypted by "${provider}", so the other sites cannot read its outputs`,
          fix: `pulumi stack change-secrets-provider passphrase --stack ${name}, with the passphrase of the others`,
        },
    pendingOf(state).length === 0
      ? undefined
      : {
          rule: killedRunRule.id,
          at: stack(name),
          problem: `a run on "${name}" was killed, or is under way: ${pendingOf(state).length} operations are open`,
          fix: `if none is under way: npm run recover -- ${name}`,
        },
  ];
  return findings.filter((one) => one !== undefined);
}

function checkCopies({ stated, stacks, copies, copiesAt }: Facts): readonly Finding[] {
  if (copiesAt === undefined) return [];
  if (copies === undefined) {
    return [
      {
        rule: noCopyRule.id,
        at: at("copyAt"),
        problem: `there is no copy of the state in ${copiesAt}${stated.copyAt === undefined ? "" : ` (${stated.copyAt})`}`,
        fix: `npm run state -- backup --to ${copiesAt}`,
      },
    ];
  }
  const { folder, manifest } = copies;
  return stacks
    .filter(({ name, state }) => manifest.stacks[name]?.writtenAt !== state.deployment.manifest.time)
    .map(({ name, state }) => ({
      rule: oldCopyRule.id,
      at: at("copyAt"),
      problem: `the copy of "${name}" in ${folder} is of ${manifest.stacks[name]?.writtenAt ?? "no time"}, the state of ${state.deployment.manifest.time}`,
      fix: `npm run state -- backup --to ${copiesAt}`,
    }));
}

/** What cannot be seen from here, and how to see it. */
export function notSeen({ stated, copiesAt }: Facts): readonly string[] {
  return [
    versioning(stated.backend),
    ...(copiesAt === undefined && stated.copyAt !== undefined
      ? [`Copies at "${stated.copyAt}" are not known from here: npm run state -- check --copies FOLDER`]
      : []),
  ];
}

function versioning(backend: string): string {
  const bucket = /^s3:\/\/([^/?]+)/.exec(backend)?.[1];
  if (bucket !== undefined) {
    return `Whether the bucket keeps former versions is not known from here: aws s3api get-bucket-versioning --bucket ${bucket}`;
  }
  return "Whether the backend keeps former versions is not known from here: look at its settings, or try to take one back.";
}

/** What is asked, and where. */
export interface Question {
  /** The folder of the stack files. */
  readonly config: string;
  readonly stated: StatedState;
  readonly sites: readonly string[];
  /** Where copies lie; absent: as stated. */
  readonly copiesAt: string | undefined;
}

/** Asks the backend everything. It throws where the backend is not reached: nothing else can be said then. */
export async function gather({ config, stated, sites, copiesAt }: Question): Promise<Facts> {
  const backend = await backendUrl(config);
  const stacks: FoundStack[] = [];
  for (const site of await stackNames(config)) stacks.push(await look({ config, site }));
  const from = copiesAt ?? folderIn(stated.copyAt);
  const folder = from === undefined ? undefined : newestCopies(from);
  const copies = folder === undefined ? undefined : { folder, manifest: readCopies(folder).manifest };
  return { stated, sites, backend, stacks, copies, copiesAt: from };
}

async function look(at: StackAt): Promise<FoundStack> {
  const { config, site: name } = at;
  const state = parseCheckpoint(await exportStack(at), `The state of ${name}`);
  // Decrypted only to see that it can be: nothing of it is kept.
  const args = ["stack", "export", "--show-secrets", "--stack", name];
  const { exitCode, stderr } = await runPulumi(config, args);
  return { name, state, unreadable: exitCode === 0 ? undefined : explain(args, stderr) };
}

/** `copyAt` names a place; where that is a folder of this computer, it is looked at. */
function folderIn(copyAt: string | undefined): string | undefined {
  return copyAt !== undefined && isAbsolute(copyAt) && existsSync(copyAt) ? copyAt : undefined;
}
