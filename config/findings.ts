import { below, movedKey, quote, splitSourcePath, type Finding, type MovedKey, type SourcePath } from "@isthmus/core";
import { closest, distance } from "fastest-levenshtein";
import { z } from "zod";
import { choice, expected, knownKeys, schemaAt, unwrap, instruction } from "./expected.ts";
import { foreignKey, foreignValue, normalised } from "./foreign-keys.ts";
import { isEncrypted, setSecret } from "./secrets.ts";
import { isRecord, valueAt } from "./sources.ts";
import { missingRule, notSupportedRule, schemaRule, unknownKeyRule } from "./shape-rules.ts";

/** What a schema says against a value: either the parsed value, or everything that is wrong with it. */
export type Checked<T> = { readonly value: T } | { readonly findings: readonly Finding[] };

/** Parses a value of the stack files. `at` is where it stands. */
export function check<T>(schema: z.ZodType<T>, value: unknown, at: SourcePath): Checked<T> {
  const result = schema.safeParse(value);
  if (result.success) return { value: result.data };
  const encrypted = encryptedPaths(value);
  const findings = result.error.issues
    .filter(({ path }) => !encrypted.some((above) => isBelow(path.map(String), above)))
    .flatMap((issue) => toFindings(issue, { schema, value, at }));
  const wrongly = encrypted
    .filter((above) => result.error.issues.some(({ path }) => isBelow(path.map(String), above)))
    .map((path) => encryptedWrongly(below(at, ...path)));
  return { findings: [...wrongly, ...withoutEchoes(findings)] };
}

/** Where values of `pulumi config set --secret` stand. What a schema says of them is said of what nobody can read. */
function encryptedPaths(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (isEncrypted(value)) return [path];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => encryptedPaths(inner, [...path, key]));
}

const isBelow = (path: readonly string[], above: readonly string[]): boolean =>
  above.every((key, index) => path[index] === key);

function encryptedWrongly(at: SourcePath): Finding {
  const { file } = splitSourcePath(at);
  const site = /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? "SITE";
  const fix = `write it in plain text; where the name of a secret belongs, write that, and set the secret with: ${setSecret(site)}`;
  return { rule: schemaRule.id, at, problem: "an encrypted value stands here, where none is decrypted", fix };
}

/** A value, the schema that it breaks, and where it stands. */
interface Parsed {
  readonly schema: z.ZodType | undefined;
  readonly value: unknown;
  readonly at: SourcePath;
}

/** A finding of a schema; `suggests` is the path of the key that was probably meant. */
type Told = Finding & { readonly suggests?: SourcePath | undefined };

function toFindings(issue: z.core.$ZodIssue, { schema, value, at }: Parsed): Told[] {
  const path = issue.path.map(String);
  const where = below(at, ...path);
  const bad = valueAt(value, path);
  // What a choice by kind says of the kind is said of the whole choice.
  const byKind = issue.code === "invalid_union" && issue.discriminator !== undefined;
  const known = schemaAt(schema, byKind ? path.slice(0, -1) : path);
  if (issue.code === "unrecognized_keys") return unknownKeys(issue.keys, known, where);
  if (issue.code === "invalid_key") {
    const fix = instruction(issue.issues[0]?.message ?? issue.message);
    return [{ rule: schemaRule.id, at: where, problem: `${quote(path.at(-1))} is not a name for this`, fix }];
  }
  if (bad === undefined) {
    const problem = `${path.at(-1) ?? "the value"} is missing`;
    return [{ rule: missingRule.id, at: where, problem, fix: expected(issue, known) || choice(known) }];
  }
  const foreign = foreignValue(where, bad);
  if (foreign !== undefined) return [foreign];
  if (issue.code === "invalid_union") return nearestOption(issue, { schema: known, value: bad, at: where });
  // Where a secret's name belongs, the secret itself may stand by mistake.
  const problem = /\bname of a secret\b/.test(issue.message)
    ? "what stands here is no name of a secret (it is not repeated)"
    : `${quote(bad)} does not fit`;
  return [{ rule: schemaRule.id, at: where, problem, fix: expected(issue, known) }];
}

/** What a value that may be one of several lacks to be the one that it is most like. */
function nearestOption(issue: z.core.$ZodIssueInvalidUnion, union: Parsed): Told[] {
  const inner = unwrap(union.schema);
  const options = inner instanceof z.ZodUnion ? inner.options : [];
  const alike = issue.errors
    .map((issues, index) => ({ issues, schema: options[index] as z.ZodType | undefined }))
    .filter(({ issues }) => issues.length > 0 && !issues.some(isOfAnotherKind))
    .sort((a, b) => mistakes(a.issues) - mistakes(b.issues));
  const [nearest] = alike;
  if (nearest !== undefined && isRecord(union.value)) {
    return nearest.issues.flatMap((inner) => toFindings(inner, { ...union, schema: nearest.schema }));
  }
  const [only] = alike.length === 1 ? alike : [];
  const reasons = only === undefined ? issue.errors.flat() : only.issues;
  const fix =
    expected(issue, union.schema) || [...new Set(reasons.map((inner) => expected(inner, undefined)))].join(", or ");
  return [{ rule: schemaRule.id, at: union.at, problem: `${quote(union.value)} does not fit`, fix }];
}

const mistakes = (issues: readonly z.core.$ZodIssue[]): number =>
  issues.reduce((sum, issue) => sum + (issue.code === "unrecognized_keys" ? issue.keys.length : 1), 0);

/** The value is a text where a map is expected, or the like. */
function isOfAnotherKind(issue: z.core.$ZodIssue): boolean {
  return issue.path.length === 0 && (issue.code === "invalid_type" || issue.code === "invalid_value");
}

/** Keys that nothing reads: each with what was probably meant, or, where it was moved, with what to write now. */
function unknownKeys(keys: readonly string[], schema: z.ZodType | undefined, where: SourcePath): Told[] {
  const inner = unwrap(schema);
  const told = new Set<MovedKey>();
  return keys.flatMap((key) => {
    const at = below(where, key);
    const moved = movedKey(inner, key);
    if (moved === undefined) return [unreadKey(at, key, knownKeys(inner))];
    // Several that went to one place are one mistake.
    if (told.has(moved)) return [];
    told.add(moved);
    const problem = `${quote(key)} is now said by "${moved.to}"`;
    return [{ rule: unknownKeyRule.id, at, problem, fix: moved.fix, suggests: below(where, moved.to) }];
  });
}

/** A slip of the pen in a key that is known here comes before what other tools mean by it. */
function unreadKey(at: SourcePath, key: string, known: readonly string[]): Told {
  const slip = known.some((one) => normalised(one) === normalised(key));
  return (slip ? undefined : foreignKey(at, key)) ?? unknownKey(at, key, known);
}

/** A key that nothing reads, with the name that was probably meant. */
export function unknownKey(at: SourcePath, key: string, known: readonly string[]): Told {
  const problem = `${quote(key)} is not known here`;
  if (known.length === 0) return { rule: unknownKeyRule.id, at, problem, fix: "remove it" };
  const nearest = nearestName(key, known);
  const all = `Known: ${known.join(", ")}`;
  if (nearest === undefined) return { rule: unknownKeyRule.id, at, problem, fix: `remove it. ${all}` };
  const suggests = `${at.slice(0, at.lastIndexOf("/"))}/${nearest}` as SourcePath;
  return { rule: unknownKeyRule.id, at, problem, fix: `did you mean ${nearest}? ${all}`, suggests };
}

/** The name that somebody who wrote `written` probably meant, if any is like it. */
export function nearestName(written: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const nearest = closest(written, [...known]);
  return distance(written, nearest) > Math.max(2, nearest.length / 2) ? undefined : nearest;
}

/**
 * Without what follows from a slip of the pen that is told already (that x is missing, or that the whole lacks x or y), and without
 * what follows for the whole from what is not supported in it.
 */
function withoutEchoes(findings: readonly Told[]): Finding[] {
  const suggested = findings.map(({ suggests }) => suggests).filter((meant) => meant !== undefined);
  const wholes = new Set(findings.filter(({ rule }) => rule === notSupportedRule.id).map(({ at }) => parentOf(at)));
  const echoes = ({ rule, at, fix }: Told, meant: SourcePath): boolean => {
    const whole = parentOf(meant);
    if (rule === schemaRule.id) return at === whole;
    const key = meant.slice(whole.length + 1);
    return rule === missingRule.id && (at === meant || (parentOf(at) === whole && fix.startsWith(`write ${key},`)));
  };
  return findings
    .filter((finding) => !suggested.some((meant) => echoes(finding, meant)))
    .filter(({ rule, at }) => rule !== schemaRule.id || !wholes.has(at))
    .map(({ rule, at, problem, fix }) => ({ rule, at, problem, fix }));
}

const parentOf = (path: SourcePath): string => path.slice(0, path.lastIndexOf("/"));
