import { Argument, Command, CommanderError, InvalidArgumentError, Option as Flag } from "commander";
import { UsageError, exitCode, type ExitCode } from "../exit.ts";
import { isGroup, type AnyDeclaration, type Verb } from "./declare.ts";
import { afterHelp } from "./help.ts";
import type { Option } from "./option.ts";

/** What was typed: a command with its values; or what is said in place of running one, and what it ends with. */
export type Typed =
  | { readonly command: AnyDeclaration; readonly given: Readonly<Record<string, unknown>> }
  | { readonly said: string; readonly code: ExitCode };

/** How the program is called in help and examples. */
export const program = "npx isthmus";

/**
 * Reads a command line, without the program's own name.
 * @throws {UsageError} if what a value falls back to cannot be used.
 */
export function parse(
  verbs: readonly Verb[],
  words: readonly string[],
  { called = program, version = "" } = {},
): Typed {
  let found: Typed | undefined;
  let said = "";
  const root = quiet(new Command(called), (text) => (said += text)).description(
    "A multi-site homelab, from machines to a running, policy-checked platform.",
  );
  root.version(version, "--version", "say which version this is");
  const ran = (command: AnyDeclaration) => (given: Readonly<Record<string, unknown>>) => {
    found = { command, given };
  };
  for (const verb of verbs) addVerb(root, verb, ran);
  try {
    root.parse(words, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { said, code: error.exitCode === 0 ? exitCode.fine : exitCode.usage };
  }
  return found ?? { said, code: exitCode.usage };
}

type Ran = (command: AnyDeclaration) => (given: Readonly<Record<string, unknown>>) => void;

const quiet = (command: Command, write: (text: string) => void): Command =>
  command
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: write })
    .configureHelp({ subcommandTerm: (sub) => sub.name() });

function addVerb(parent: Command, verb: Verb, ran: Ran): void {
  const command = parent.command(verb.name).description(verb.summary);
  if (isGroup(verb)) for (const one of verb.commands) addVerb(command, one, ran);
  else addCommand(command, verb, ran(verb));
}

function addCommand(command: Command, declaration: AnyDeclaration, ran: ReturnType<Ran>): void {
  const names = Object.keys(declaration.arguments);
  if (declaration.notes !== undefined) command.description(`${declaration.summary}\n\n${declaration.notes}`);
  command.summary(declaration.summary).addHelpText("after", () => afterHelp(declaration, nameOfRoot(command)));
  for (const name of names) command.addArgument(asArgument(declaration.arguments[name] ?? nothing));
  for (const [name, option] of Object.entries(declaration.options)) command.addOption(asFlag(name, option));
  command.action(() => {
    const typed = names.map((name, place): [string, unknown] => [name, command.processedArgs[place]]);
    const all: readonly [string, Option<unknown>][] = [
      ...Object.entries(declaration.arguments),
      ...Object.entries(declaration.options),
    ];
    const values: Readonly<Record<string, unknown>> = { ...Object.fromEntries(typed), ...command.opts() };
    ran(Object.fromEntries(all.map(([name, option]) => [name, values[name] ?? leftOut(option)])));
  });
}

const nothing: Option<unknown> = { summary: "" };

const nameOfRoot = (command: Command): string =>
  command.parent === null ? command.name() : nameOfRoot(command.parent);

/** What a value is where nobody gave one. */
function leftOut({ fallback, preset, several, takes }: Option<unknown>): unknown {
  if (fallback !== undefined) return fallback.value();
  if (preset !== undefined) return preset;
  if (several) return [];
  return takes === undefined ? false : undefined;
}

function asArgument(option: Option<unknown>): Argument {
  const name = `${option.takes ?? ""}${option.several ? "..." : ""}`;
  const argument = new Argument(option.required ? `<${name}>` : `[${name}]`, described(option));
  return argument.argParser(reader(option));
}

/** How a name is typed: `dryRun` as `--dry-run`. */
export const typedName = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

function asFlag(name: string, option: Option<unknown>): Flag {
  const flag = new Flag(
    `${typedName(name)}${option.takes === undefined ? "" : ` <${option.takes}>`}`,
    described(option),
  );
  if (option.required) flag.makeOptionMandatory();
  return option.takes === undefined ? flag : flag.argParser(reader(option));
}

/** The summary with what else a person has to know of the value. */
export function described(option: Option<unknown>): string {
  const { summary, choices, several, takes } = option;
  const standing = presetText(option);
  const more = [
    ...(choices === undefined ? [] : [`one of: ${choices.join(", ")}`]),
    ...(standing === undefined ? [] : [`default: ${standing}`]),
    ...(several && takes !== undefined && !summary.includes("default") ? ["several: with commas, or repeated"] : []),
  ];
  return more.length === 0 ? summary : `${summary} (${more.join("; ")})`;
}

/** What is taken where a value is left out, as it is typed. */
function presetText({ preset, fallback }: Option<unknown>): string | undefined {
  if (fallback !== undefined) return fallback.text;
  if (typeof preset === "string" || typeof preset === "number") return String(preset);
  return Array.isArray(preset) ? preset.join(",") : undefined;
}

function reader(option: Option<unknown>): (typed: string, before: unknown) => unknown {
  if (!option.several) return (typed) => readOne(option, typed);
  return (typed, before) => [
    ...(Array.isArray(before) ? (before as unknown[]) : []),
    ...typed.split(",").map((one) => readOne(option, one.trim())),
  ];
}

function readOne({ choices, read }: Option<unknown>, typed: string): unknown {
  if (choices !== undefined && !choices.includes(typed))
    throw new InvalidArgumentError(`It has to be one of: ${choices.join(", ")}.`);
  try {
    return read === undefined ? typed : read(typed);
  } catch (error) {
    if (error instanceof UsageError || !(error instanceof Error)) throw error;
    throw new InvalidArgumentError(error.message);
  }
}
