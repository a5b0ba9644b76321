import { below, type Finding, type SourcePath } from "@isthmus/core";
import { isRecord, type Sources } from "./sources.ts";

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
  if (raw !== undefined && !isRecord(raw)) {
    findings.push(notAMap(from));
    return { value, findings };
  }
  for (const [name, held] of Object.entries(raw ?? {})) {
    const at = below(from, name);
    if (isRecord(held) && typeof held["secure"] === "string" && Object.keys(held).length === 1)
      value[name] = { from: at };
    else findings.push(plainText(at, name));
  }
  return { value, findings };
}

function notAMap(at: SourcePath): Finding {
  const fix = "set each secret with: pulumi config set --path --secret 'isthmus:secrets.NAME'";
  return { rule: "plaintext-secret", at, problem: "isthmus:secrets is not a map of names and encrypted values", fix };
}

function plainText(at: SourcePath, name: string): Finding {
  return {
    rule: "plaintext-secret",
    at,
    problem: `the secret ${name} stands here in plain text (its value is not repeated)`,
    fix: `change it where it is used, then: pulumi config set --path --secret 'isthmus:secrets.${name}'`,
  };
}
