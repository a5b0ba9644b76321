import { isUnknown } from "@isthmus/core";
import type { Props } from "./resource.ts";
import type { Node } from "./walk.ts";

const secretWords = new Set(["password", "passwd", "pwd", "passphrase", "token", "credentials", "htpasswd", "pin"]);
/** Before `key`, they make it a secret key; `passwordKey` in contrast is the name of a key in a Secret. */
const secretKeyWords = new Set([
  "secret",
  "private",
  "api",
  "encryption",
  "signing",
  "master",
  "shared",
  "root",
  "account",
]);
/** Before `secret`, they make it the secret itself; otherwise it may be the name of a Secret. */
const literalSecretWords = new Set(["client", "shared", "jwt", "cookie", "session", "app", "webhook", "hmac", "oauth"]);
/** Anywhere in a key, they say that it names something. */
const namingWords = new Set(["existing", "ref", "reference", "name", "pull"]);

type Suspicion = "no" | "literal" | "name-or-literal";

/** `adminPassword`, `DB_PASSWORD`, `s3.secret-key` in lower-case words. */
function wordsOf(key: string): string[] {
  return key
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replaceAll(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
}

/** Whether a key says that a secret stands there. */
export function suspicionOf(key: string): Suspicion {
  const words = wordsOf(key);
  if (words.some((word) => namingWords.has(word))) return "no";
  const [before, last] = [words.at(-2), words.at(-1)];
  if (last === undefined) return "no";
  if (secretWords.has(last) || /(password|passphrase|apikey|secretkey|privatekey|authtoken)$/.test(last))
    return "literal";
  if (last === "secret") return before !== undefined && literalSecretWords.has(before) ? "literal" : "name-or-literal";
  const isKey = last === "key" && words.slice(0, -1).some((word) => secretKeyWords.has(word));
  return isKey ? "literal" : "no";
}

/** The key under which a leaf stands; in a list of `{name, value}` pairs, such as `env`, the name. */
export function keyOf(node: Node): string {
  const key = node.keys.at(-1) ?? "";
  const name = node.holder?.["name"];
  return key === "value" && typeof name === "string" ? name : key;
}

/** Whether the text under a suspicious key is the secret itself, rather than a name, a place or a template. */
export function isLiteralSecret(node: Node): boolean {
  const key = keyOf(node);
  const suspicion = suspicionOf(key);
  if (suspicion === "no" || isUnknown(node.value) || isBelowNames(node)) return false;
  if (typeof node.value === "number") return true;
  if (typeof node.value !== "string") return false;
  const text = node.value.trim();
  if (text === "" || isElsewhere(text)) return false;
  if (suspicion === "name-or-literal" && isObjectName(text)) return false;
  return !(isKeyWord(key) && namesSecretBeside(node.holder) && isObjectName(text));
}

/** A template, a reference that something resolves later, a path to a file, or a switch. */
function isElsewhere(text: string): boolean {
  return (
    /^(\$\{[^}]*\}|\$\([^)]*\)|\$__\w+\{[^}]*\}|\{\{.*\}\}|<[^>]+>|%[A-Z_]+%|\$[A-Z_]+)$/s.test(text) ||
    /^(\/[\w.-]+){2,}$|^(file|vault|op|ref\+\w+):/.test(text) ||
    /^(true|false)$/i.test(text)
  );
}

function isObjectName(text: string): boolean {
  return /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(text);
}

function isKeyWord(key: string): boolean {
  return wordsOf(key).at(-1) === "key";
}

/** `{secretName: s3, secretKey: password}` and `{certSecret: web-tls, privateKey: tls.key}` name keys of a Secret. */
function namesSecretBeside(holder: Props = {}): boolean {
  if ("secretName" in holder) return true;
  return Object.entries(holder).some(([key, value]) => {
    const names = key === "existingSecret" || suspicionOf(key) === "name-or-literal";
    return names && typeof value === "string" && isObjectName(value);
  });
}

/** `existingSecretKeys: {password: admin-password}`: the key above says that what is below are names. */
function isBelowNames(node: Node): boolean {
  const above = node.keys.at(-2);
  return above !== undefined && wordsOf(above).some((word) => namingWords.has(word));
}
