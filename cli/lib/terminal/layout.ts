import stringWidth from "string-width";
import wrapAnsi from "wrap-ansi";
import { readStep } from "@isthmus/availability";
import type { Style } from "./style.ts";

/** Wraps a text between words. Its first line begins with `first`, the others with blanks that are as wide, or with `rest`. */
export function wrapped(
  text: string,
  { columns }: Pick<Style, "columns">,
  { first = "", rest = " ".repeat(stringWidth(first)) }: { readonly first?: string; readonly rest?: string } = {},
): string[] {
  const room = Math.max(20, columns - Math.max(stringWidth(first), stringWidth(rest)));
  // A word that is too long stays whole: what is copied from a terminal must not have been cut.
  const lines = wrapAnsi(text, room, { hard: false, trim: true }).split("\n");
  return lines.map((line, place) => `${place === 0 ? first : rest}${line}`);
}

/** What is narrower than this does not read well: the last cell of a row stands below the others then. */
const narrowestCell = 24;

/** Rows in columns, two blanks apart and indented by two; the last column is not padded, and wrapped where it does not fit. */
export function table(rows: readonly (readonly string[])[], style: Pick<Style, "columns">): string[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(...rows.map((row) => stringWidth(row[column] ?? ""))),
  );
  return rows.flatMap((row) => {
    const before = row.slice(0, -1).map((cell, column) => `${padded(cell, widths[column] ?? 0)}  `);
    const first = `  ${before.join("")}`;
    const last = row.at(-1) ?? "";
    const below = stringWidth(first) + Math.min(stringWidth(last), narrowestCell) > style.columns;
    const lines = below ? [first, ...wrapped(last, style, { first: "      " })] : wrapped(last, style, { first });
    return lines.map((line) => line.trimEnd());
  });
}

const widestName = 26;

/** Names with what is said of them: beside one another, or below where the names are long. */
export function definitions(
  rows: readonly { readonly name: string; readonly text: string }[],
  { indent, ...style }: Pick<Style, "columns"> & { readonly indent: string },
): string[] {
  const widths = rows.map(({ name }) => stringWidth(name)).filter((width) => width <= widestName);
  const width = Math.max(4, ...widths);
  const rest = `${indent}${" ".repeat(width + 2)}`;
  return rows.flatMap(({ name, text }) => {
    if (stringWidth(name) > width)
      return [
        ...wrapped(name, style, { first: indent, rest: `${indent}  ` }),
        ...wrapped(text, style, { first: rest }),
      ];
    return wrapped(text, style, { first: `${indent}${padded(name, width)}  `, rest });
  });
}

const padded = (text: string, width: number): string => `${text}${" ".repeat(Math.max(0, width - stringWidth(text)))}`;

/** A step: words are wrapped, its command stands on a line of its own as it is typed. */
export function stepLines(text: string, style: Style, { first = "" }: { readonly first?: string } = {}): string[] {
  const { words, command, note } = readStep(text);
  const rest = " ".repeat(stringWidth(first));
  if (command === undefined) return wrapped(words ?? "", style, { first });
  const lead = words === undefined ? [] : wrapped(`${words}:`, style, { first });
  const indent = words === undefined ? first : `${rest}  `;
  if (note === undefined) return [...lead, `${indent}${command}`];
  const beside = `${indent}${command}   ${style.ink.dim(`# ${note}`)}`;
  if (stringWidth(beside) <= style.columns) return [...lead, beside];
  const blanks = " ".repeat(stringWidth(indent));
  const above = wrapped(note, style, { first: `${indent}# `, rest: `${blanks}# ` });
  return [...lead, ...above.map((line) => style.ink.dim(line)), `${blanks}${command}`];
}
