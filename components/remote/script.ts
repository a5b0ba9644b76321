import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
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
  /** Names of the variables that come over standard input. */
  readonly secretNames: readonly string[];
  /** `root`, or somebody who may call `sudo` without a password. */
  readonly user: string;
}

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
 * of the script; the script itself comes first on standard input, because `@pulumi/command` puts the whole command line
 * in front of every error. The user's login shell may be any: it only has to start bash.
 */
export function renderCommand(call: ScriptCall): string {
  const { script, secretNames } = call;
  const digest = createHash("sha256").update(fullText(script)).digest("hex").slice(0, 12);
  const header = assignments({
    ...call.parameters,
    ISTHMUS_HOST: call.host,
    ISTHMUS_SCRIPT: script.name,
    ISTHMUS_SECRETS: [...secretNames].sort().map(checkedName),
  });
  const read = `mapfile -n ${String(lineCount(script))} ISTHMUS_TEXT # ${digest}\n`;
  const run = `printf -v ISTHMUS_TEXT %s "\${ISTHMUS_TEXT[@]}"; eval "\${ISTHMUS_TEXT[0]}"`;
  const bash = `bash -c ${shellWord(header + read + run)} ${shellWord(script.name)}`;
  return call.user === "root" ? `exec ${bash}` : `exec bash -c ${shellWord(withSudo(bash, call))}`;
}

/** Says who may not call sudo, and how it is mended, where sudo itself would only ask for a password. */
function withSudo(command: string, { host, user }: ScriptCall): string {
  const lines = [
    `[${host}] because: ${user} may not call sudo without a password`,
    `[${host}] to mend: connect as root, or on the host: echo '${user} ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/${user}`,
  ];
  const say = `printf '%s\\n' ${lines.map(shellWord).join(" ")} >&2`;
  return `sudo -n true </dev/null || { ${say}; exit 1; }\nexec sudo -n ${command}`;
}

/** So long may an assignment be to stand on the command line. */
const longestShown = 60;

/**
 * The call with its long parameters moved into the script's text, as are files: every error repeats the command line. A
 * change of theirs changes the digest that stands there.
 */
export function withShortCommand<Call extends Pick<ScriptCall, "script" | "parameters">>(call: Call): Call {
  const entries = Object.entries(call.parameters);
  const isLong = ([name, value]: (typeof entries)[number]): boolean =>
    assignments({ [name]: value }).length > longestShown;
  const long = assignments(Object.fromEntries(entries.filter(isLong)));
  const script = { name: call.script.name, text: long + call.script.text };
  return { ...call, script, parameters: Object.fromEntries(entries.filter((entry) => !isLong(entry))) };
}

/** Standard input of a call: the script, then each secret on a line of its own, in the order of their names. */
export function renderInput(script: Script, secrets: Readonly<Record<string, string>>): string {
  const lines = Object.keys(secrets)
    .sort()
    .map((name) => `${Buffer.from(secrets[name] ?? "", "utf8").toString("base64")}\n`);
  return fullText(script) + lines.join("");
}

/** A call as one readable script, for people: what would run, with secrets masked. */
export function renderScript(call: ScriptCall): string {
  const secrets = [...call.secretNames].sort().map((name) => `# ${name}: secret, read from standard input\n`);
  return `#!/usr/bin/env bash\n# ${call.script.name} on ${call.host}\n${assignments(call.parameters)}${secrets.join("")}${fullText(call.script)}`;
}

function fullText(script: Script): string {
  return preamble.text + script.text;
}

function lineCount(script: Script): number {
  return fullText(script).split("\n").length - 1;
}
