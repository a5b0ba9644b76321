import { below, type Finding, type SourcePath } from "@isthmus/core";
import { isRecord, type Sources } from "./sources.ts";
import { defineRule } from "./rules.ts";

const plaintextSecretRule = defineRule({
  id: "plaintext-secret",
  severity: "critical",
  summary: "Secrets stand in stack files encrypted.",
  fix: "Change the secret where it is used, then set it with `pulumi config set --path --secret 'isthmus:secrets.NAME'`.",
  docs: "docs/guide/secrets-and-state.md#secrets",
});

/** A secret that a stack file holds, encrypted. */
export interface DeclaredSecret {
  readonly from: SourcePath;
}

/**
 * The names of the secrets in a stack file (`isthmus:secrets`). Offline, a `secure:` value is known to be present, never
 * what it is. A value in plain text is a finding that does not repeat it.
 */
export function readSecrets(
  sources: Sources,
  file: string,
): { value: Readonly<Record<string, DeclaredSecret>>; findings: readonly Finding[] } {
  const raw = sources.raw(file, ["config", "isthmus:secrets"]);
  const from: SourcePath = `${file}#/../isthmus:secrets`;
  const findings: Finding[] = [];
  const value: Record<string, DeclaredSecret> = {};
  const site = /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? "SITE";
  if (raw !== undefined && raw !== null && (!isRecord(raw) || isEncrypted(raw))) {
    findings.push(isEncrypted(raw) ? encryptedAsAWhole(from, site) : notAMap(from, site));
    return { value, findings };
  }
  for (const [name, held] of Object.entries(raw ?? {})) {
    const at = below(from, name);
    if (isEncrypted(held)) value[name] = { from: at };
    else findings.push({ rule: plaintextSecretRule.id, at, ...wrongSecret(held, { name, site }) });
  }
  return { value, findings };
}

/** How `pulumi config set --secret` writes a value: https://www.pulumi.com/docs/iac/concepts/secrets/ */
export function isEncrypted(value: unknown): boolean {
  return isRecord(value) && typeof value["secure"] === "string" && Object.keys(value).length === 1;
}

/** The command that sets a secret. Without `--path` the dot would be part of the name; without `--stack` it may be another site's. */
export const setSecret = (site: string, name = "NAME"): string =>
  `pulumi config set --stack ${site} --path --secret 'isthmus:secrets.${name}'`;

const removeSecret = (site: string, path: string): string => `pulumi config rm --stack ${site} --path '${path}'`;

function notAMap(at: SourcePath, site: string): Finding {
  const fix = `remove what stands here, then set each secret with: ${setSecret(site)}`;
  return {
    rule: plaintextSecretRule.id,
    at,
    problem: "isthmus:secrets is not a map of names and encrypted values",
    fix,
  };
}

function encryptedAsAWhole(at: SourcePath, site: string): Finding {
  const problem = "isthmus:secrets is encrypted as a whole, so that nothing says which secrets are in it";
  const fix = `${removeSecret(site, "isthmus:secrets")}, then set each secret with: ${setSecret(site)}`;
  return { rule: plaintextSecretRule.id, at, problem, fix };
}

function wrongSecret(
  held: unknown,
  { name, site }: { readonly name: string; readonly site: string },
): Pick<Finding, "problem" | "fix"> {
  if (held === null) return { problem: `the secret ${name} has no value`, fix: setSecret(site, name) };
  if (isRecord(held) && leavesOf(held).every(isEncrypted)) {
    const problem = `the secret ${name} is a map of encrypted values, and each secret is one`;
    const fix = `${removeSecret(site, `isthmus:secrets.${name}`)}, then set each under a name without dots: ${setSecret(site)}`;
    return { problem, fix };
  }
  return {
    problem: `the secret ${name} stands here in plain text (its value is not repeated)`,
    fix: `change it where it is used, then: ${setSecret(site, name)}`,
  };
}

function leavesOf(value: Readonly<Record<string, unknown>>): unknown[] {
  return Object.values(value).flatMap((inner) => (isRecord(inner) && !isEncrypted(inner) ? leavesOf(inner) : [inner]));
}
