import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "@isthmus/core";
import { z } from "zod";
import { MissingError } from "../exit.ts";

export const manifestFile = "manifest.json";

const entry = z.strictObject({
  file: z.string(),
  sha256: z.string(),
  bytes: z.int(),
  resources: z.int(),
  /** When the engine last wrote this state. */
  writtenAt: z.string(),
});

const manifest = z.strictObject({
  version: z.literal(1),
  takenAt: z.string(),
  backend: z.string(),
  cli: z.string(),
  stacks: z.record(z.string(), entry),
});

/** What lies in a folder of copies, such that damage shows. */
export type Manifest = z.output<typeof manifest>;
export type CopiedStack = z.output<typeof entry>;

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Reads a folder of copies whole, and refuses it whole: each file has to be as it was written. */
export function readCopies(folder: string): {
  readonly manifest: Manifest;
  readonly states: ReadonlyMap<string, string>;
} {
  const found = manifest.safeParse(jsonIn(folder, manifestFile));
  if (!found.success)
    throw new MissingError(`${folder}/${manifestFile} is no manifest of copies: ${z.prettifyError(found.error)}`);
  const stacks = Object.entries(found.data.stacks);
  const states = new Map(stacks.map(([name, { file }]) => [name, fileIn(folder, file)]));
  const damaged = stacks.filter(([name, { sha256: wanted }]) => sha256(states.get(name) ?? "") !== wanted);
  if (damaged.length > 0) {
    const names = damaged.map(([, { file }]) => `${folder}/${file}`).join(", ");
    throw new UserError(`${names}: not as it was written (its SHA-256 differs). Take another copy.`);
  }
  return { manifest: found.data, states };
}

function jsonIn(folder: string, name: string): unknown {
  try {
    return JSON.parse(fileIn(folder, name));
  } catch (error) {
    if (error instanceof SyntaxError) throw new MissingError(`${folder}/${name} is no JSON: ${error.message}`);
    throw error;
  }
}

function fileIn(folder: string, name: string): string {
  try {
    return readFileSync(join(folder, name), "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new MissingError(
      `${join(folder, name)} cannot be read: ${why}. Name a folder that \`npm run state -- backup\` wrote.`,
    );
  }
}
