import type { ExitCode } from "../exit.ts";
import type { Options, Values } from "./option.ts";

/** What a command needs besides Node.js, each with what it means. */
export const needs = {
  "stack files": "the stack files, in order",
  "Pulumi CLI": "the Pulumi CLI, logged in to the backend of the stacks",
  passphrase: "the passphrase of the stacks' secrets",
  hosts: "the site's hosts, reached over SSH",
  network: "the registries and repositories that it asks",
  Helm: "Helm 3, where charts are rendered",
  root: "Linux, and root",
} as const;
type Need = keyof typeof needs;

/** One command as plain data: help, parsing, completion, exit codes and the page of commands derive from it. */
export interface Declaration<Arguments extends Options = Options, Flags extends Options = Options> {
  readonly name: string;
  /** What it does, in one sentence. */
  readonly summary: string;
  /** What else a person should know, as sentences. */
  readonly notes?: string;
  /** In the order in which they are typed. */
  readonly arguments: Arguments;
  readonly options: Flags;
  /** As they are typed, without `npx isthmus`. */
  readonly examples: readonly string[];
  /** What 1 means of this command. */
  readonly finding: string;
  readonly needs: readonly Need[];
  /** Does it. Whatever takes long to load is loaded here. */
  readonly run: (given: Values<Arguments> & Values<Flags>) => Promise<ExitCode>;
}

/** A command that is one of several below a verb, such as `state check`. */
export interface Group {
  readonly name: string;
  readonly summary: string;
  readonly commands: readonly AnyDeclaration[];
}

export type AnyDeclaration = Omit<Declaration, "run"> & {
  readonly run: (given: Readonly<Record<string, unknown>>) => Promise<ExitCode>;
};

/** What a file of `cli/commands` exports. */
export type Verb = AnyDeclaration | Group;

export const isGroup = (verb: Verb): verb is Group => "commands" in verb;

/** Checks a command's declaration against what it runs. */
export function declare<Arguments extends Options, Flags extends Options>(
  declaration: Declaration<Arguments, Flags>,
): AnyDeclaration {
  return declaration as unknown as AnyDeclaration;
}

/** Each command of a verb, with the words that call it. */
export function commandsOf(
  verb: Verb,
): readonly { readonly words: readonly string[]; readonly command: AnyDeclaration }[] {
  if (!isGroup(verb)) return [{ words: [verb.name], command: verb }];
  return verb.commands.map((command) => ({ words: [verb.name, command.name], command }));
}
