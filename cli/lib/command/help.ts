import { needs, type AnyDeclaration } from "./declare.ts";

/** What 0 to 3 mean of a command. */
export const exitLines = ({ finding }: Pick<AnyDeclaration, "finding">): readonly (readonly [number, string])[] => [
  [0, "in order"],
  [1, finding],
  [2, "wrong usage"],
  [3, "something needed is not there"],
];

/** What follows the options in a command's help. */
export function afterHelp(command: AnyDeclaration, program: string): string {
  const examples = command.examples.map((example) => `  ${program} ${example}`);
  const exits = exitLines(command).map(([code, meaning]) => `  ${String(code)}  ${meaning}`);
  const needed = command.needs.map((need) => `  ${needs[need]}`);
  const block = (title: string, lines: readonly string[]): string =>
    lines.length === 0 ? "" : `\n${title}:\n${lines.join("\n")}\n`;
  return `${block("Examples", examples)}${block("Needs", needed)}${block("Exit codes", exits)}`;
}
