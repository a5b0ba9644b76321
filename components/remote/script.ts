import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "fflate";
import { assignments, checkedName, shellWord, type Parameters } from "./quoting.ts";

/** A script as it is run on a host: its name, and its text with all that it needs. */
export interface Script {
  readonly name: string;
  readonly text: string;
}

/** A script with what it is told. */
export interface ScriptCall {
  readonly script: Script;
  /** The host's name, as it stands before every line that the script prints. */
  readonly host: string;
  readonly parameters: Parameters;
  /** Parameters that come with the script, over standard input. From `withShortCommand`. */
  readonly longParameters?: Parameters;
  /** Names of the variables that come over standard input. */
  readonly secretNames: readonly string[];
  /** `root`, or somebody who may call `sudo` without a password; of several hosts, whoever is not root on one of them. */
  readonly user: string;
}

/** What comes over standard input, besides secrets. */
export type ScriptInput = Pick<ScriptCall, "script" | "longParameters">;

/** Reads script files once. The last one names the script; those before it are what it builds on. */
export function loadScript(...files: readonly [URL, ...URL[]]): Script {
  const texts = files.map((file) => readFileSync(file, "utf8").trimEnd());
  const last = files[files.length - 1] ?? files[0];
  return { name: basename(fileURLToPath(last)), text: `${texts.join("\n")}\n` };
}

/** What every script starts with: strict mode, messages, the lock, how secrets are read. */
export const preamble: Script = loadScript(new URL("./scripts/preamble.sh", import.meta.url));

/**
 * The command line of a call. It holds the parameters, which a reader of a diff or an error wants to see, and a digest
 * of the script without its comments; the script itself comes first on standard input, because `@pulumi/command` puts the whole command line
 * in front of every error. The user's login shell may be any: it only has to start bash.
 */
export function renderCommand(call: ScriptCall): string {
  const { script, secretNames } = call;
  const digest = createHash("sha256").update(sentText(call)).digest("hex").slice(0, 12);
  const header = assignments({
    ...call.parameters,
    ISTHMUS_HOST: call.host,
    ISTHMUS_SCRIPT: script.name,
    ISTHMUS_SECRETS: [...secretNames].sort().map(checkedName),
  });
  const bash = `bash -c ${shellWord(`${header}${unpack} # ${digest}`)} ${shellWord(script.name)}`;
  return call.user === "root" ? `exec ${bash}` : `exec bash -c ${shellWord(withSudo(bash, call.host))}`;
}

/** Reads what `renderInput` puts first, and runs it. What was cut off on the way does not begin. Short: every error repeats it. */
const unpack =
  "read -r text && read -r told && text=$(echo $text | base64 -d | gzip -dc) || " +
  '{ echo "[$ISTHMUS_HOST] script cut off, or no gzip here" >&2; exit 1; }\n' +
  'eval "$(echo $told | base64 -d)\n$text"';

/**
 * For whoever is not root on the host that it comes to. Says who may not call sudo, and how it is fixed, where sudo itself
 * would only ask for a password.
 */
function withSudo(command: string, host: string): string {
  const because = `${shellWord(`[${host}] because: `)}"$user may not call sudo without a password"`;
  const fix = `${shellWord(`[${host}] to fix: `)}"connect as root, or on the host: echo '$user ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/$user"`;
  return [
    'user=; [ "$(id -u)" = 0 ] || user=$(id -un)',
    `[ -z "$user" ] || sudo -n true </dev/null || { printf '%s\\n' ${because} ${fix} >&2; exit 1; }`,
    `exec \${user:+sudo -n} ${command}`,
  ].join("\n");
}

/** So long may an assignment be to stand on the command line. */
const longestShown = 60;

/**
 * The call with its long parameters, as are files, on standard input: every error repeats the command line. A change of
 * theirs changes the digest that stands there.
 */
export function withShortCommand(call: ScriptCall): ScriptCall {
  const entries = Object.entries(call.parameters);
  const isLong = ([name, value]: (typeof entries)[number]): boolean =>
    assignments({ [name]: value }).length > longestShown;
  return {
    ...call,
    parameters: Object.fromEntries(entries.filter((entry) => !isLong(entry))),
    longParameters: Object.fromEntries(entries.filter(isLong)),
  };
}

/**
 * Standard input of a call: the script, its long parameters, then each secret in the order of their names, on a line each.
 * The script is compressed: the engine sends and keeps it with every resource.
 */
export function renderInput(
  { script, longParameters = {} }: ScriptInput,
  secrets: Readonly<Record<string, string>>,
): string {
  const values = Object.keys(secrets)
    .sort()
    .map((name) => secrets[name] ?? "");
  const lines = [assignments(longParameters), ...values].map((text) => Buffer.from(text, "utf8").toString("base64"));
  return [packed(script), ...lines, ""].join("\n");
}

const packedScripts = new WeakMap<Script, string>();

/** By a library whose version is pinned: another one of Node.js may compress otherwise, and every host would change. */
function packed(script: Script): string {
  const known = packedScripts.get(script);
  if (known !== undefined) return known;
  const bytes = gzipSync(Buffer.from(sentText({ script }), "utf8"), { level: 9, mtime: 0 });
  const text = Buffer.from(bytes).toString("base64");
  packedScripts.set(script, text);
  return text;
}

function sentText({ script, longParameters = {} }: ScriptInput): string {
  return assignments(longParameters) + withoutComments(fullText(script));
}

/** Without lines that are a comment, a quarter of a script. For scripts of ours: none has such a line within quotes. */
export function withoutComments(text: string): string {
  return text.replaceAll(/^ *#.*\n/gm, "");
}

/** A call as one readable script, for people: what would run, with secrets masked. */
export function renderScript(call: ScriptCall): string {
  const secrets = [...call.secretNames].sort().map((name) => `# ${name}: secret, read from standard input\n`);
  return `#!/usr/bin/env bash\n# ${call.script.name} on ${call.host}\n${assignments(call.parameters)}${secrets.join("")}${assignments(call.longParameters ?? {})}${fullText(call.script)}`;
}

function fullText(script: Script): string {
  return preamble.text + script.text;
}
