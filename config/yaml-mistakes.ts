import { isUtf8 } from "node:buffer";
import { quote } from "@isthmus/core";
import { isAlias, isCollection, isMap, isScalar, visit, type Document, type LineCounter, type YAMLError } from "yaml";

/** What keeps a file from being read as YAML, in words of our own: the library's say what its parser met, not what a person did. */
export interface YamlMistake {
  /** Counted from 1: where the mistake was made, which may be above the place where the parser stumbled. */
  readonly line: number;
  readonly problem: string;
  readonly fix: string;
}

/** The first bytes that are not UTF-8, with what they probably are. */
export function notUtf8(bytes: Buffer): YamlMistake {
  const fix = "save it as UTF-8";
  const byteOrderMark = bytes.subarray(0, 2).toString("hex");
  if (["fffe", "feff"].includes(byteOrderMark)) return { line: 1, problem: "the file is UTF-16 text", fix };
  let line = 1;
  let from = 0;
  for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, from)) {
    if (!isUtf8(bytes.subarray(from, end))) break;
    line += 1;
    from = end + 1;
  }
  return { line, problem: "this line has bytes that are not UTF-8 text", fix };
}

interface Parsed {
  readonly text: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

/** The first mistake of a text that was parsed; what follows it is read wrongly, so that only that one is told. */
export function yamlMistake(parsed: Parsed): YamlMistake | undefined {
  const ofText = markers(parsed.text) ?? characters(parsed.text);
  if (ofText !== undefined) return ofText;
  const [first] = parsed.document.errors;
  if (first !== undefined) return ofError(first, parsed);
  return aliases(parsed) ?? tags(parsed);
}

/** Lines that Git puts into a file where two changes meet. They stand at the beginning of a line, where no value of a stack file does. */
function markers(text: string): YamlMistake | undefined {
  const rows = text.split(/\r?\n/);
  const found = rows.flatMap((row, index) => {
    const [, marker] = /^(<{7}|\|{7}|={7}|>{7})(?: .*)?$/.exec(row) ?? [];
    return marker === undefined ? [] : [{ marker, line: index + 1 }];
  });
  const [first] = found;
  if (first === undefined) return undefined;
  const others = found.slice(1).map(({ marker, line }) => `${marker} in line ${line}`);
  const also = others.length === 0 ? "" : ` (and ${others.join(", ")})`;
  return {
    line: first.line,
    problem: `a merge left its conflict marker ${quote(first.marker)} here${also}`,
    fix: "keep the lines that are meant, and delete the lines with <<<<<<<, =======, and >>>>>>>",
  };
}

/** Go's YAML library, with which Pulumi reads the same files, refuses control characters: yaml.v3, readerc.go. */
function characters(text: string): YamlMistake | undefined {
  const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.exec(text);
  if (control !== null) {
    const code = control[0].charCodeAt(0).toString(16).padStart(4, "0");
    const problem = `a control character (U+${code.toUpperCase()}) stands here`;
    return { line: lineAt(text, control.index), problem, fix: "delete it, and write the line again" };
  }
  const oldMac = /\r(?!\n)/.exec(text);
  if (oldMac === null) return undefined;
  const problem = "a line ends in a carriage return alone";
  return {
    line: lineAt(text, oldMac.index),
    problem,
    fix: "save the file with line ends of Unix (LF) or Windows (CRLF)",
  };
}

const lineAt = (text: string, offset: number): number => text.slice(0, offset).split("\n").length;

function ofError(error: YAMLError, parsed: Parsed): YamlMistake {
  const { text, document } = parsed;
  const [offset] = error.pos;
  const line = error.linePos?.[0].line ?? lineAt(text, offset);
  const open = unclosed(offset, parsed);
  if (open !== undefined) return open;
  switch (error.code) {
    case "TAB_AS_INDENT":
      return { line, problem: "a tab stands where YAML has spaces", fix: "indent the line with spaces" };
    case "BAD_INDENT":
      return indented(line, text);
    case "BLOCK_AS_IMPLICIT_KEY":
      return nested(line, offset, text);
    case "DUPLICATE_KEY":
      return duplicate(line, offset, { document, text });
    case "MULTIPLE_DOCS": {
      const problem = "a second document begins here, with ---";
      return { line, problem, fix: "delete the line: all of the file is one document, below one `config:`" };
    }
    case "MULTILINE_IMPLICIT_KEY":
      return withoutColon(line, text);
    case "BAD_SCALAR_START": {
      const character = text[offset] ?? "";
      const problem = `a text cannot begin with ${quote(character)} without quotes`;
      return { line, problem, fix: "put the text into quotes" };
    }
    case "BLOCK_IN_FLOW": {
      const problem = "a comma is missing between two entries of { } or [ ]";
      return { line, problem, fix: "put a comma between the entries" };
    }
    case "BAD_DQ_ESCAPE": {
      const problem = "a backslash begins an escape in double quotes, and what follows is none";
      return { line, problem, fix: "put the text into single quotes, or write the backslash twice" };
    }
    case "RESOURCE_EXHAUSTION":
      return { line, problem: "it is nested too deeply", fix: "write it with fewer levels" };
    case "BAD_ALIAS": {
      const problem = "* begins the name of an anchor, and no name follows";
      return { line, problem, fix: "put a text that begins with * into quotes" };
    }
    default:
      return unexpected(error, { line, text });
  }
}

function unexpected(
  { code, message, pos: [offset] }: YAMLError,
  { line, text }: { line: number; text: string },
): YamlMistake {
  const character = text[offset] ?? "";
  if (code === "UNEXPECTED_TOKEN" && /[}\]]/.test(character)) {
    const problem = `this ${quote(character)} closes nothing`;
    return { line, problem, fix: "delete it, or open it before" };
  }
  if (/at node end/.test(message)) {
    const problem = "something follows a value that has ended already";
    const fix = "put the whole value into one pair of quotes; in single quotes, a ' is written twice";
    return { line, problem, fix };
  }
  const said = message.split("\n")[0]?.replace(/ at line \d+, column \d+:?$/, "") ?? code;
  return { line, problem: `it is not YAML: ${said}`, fix: "correct this line, or the one before it" };
}

/** A quote, `{` or `[` that is never closed takes what follows into itself: it is told where it opens. */
function unclosed(offset: number, { text, document, lines }: Parsed): YamlMistake | undefined {
  let found: YamlMistake | undefined;
  visit(document, {
    Node: (_, node) => {
      const range = node.range;
      if (!range || range[0] > offset || range[2] < offset) return;
      const opener = text[range[0]] ?? "";
      const { line } = lines.linePos(range[0]);
      if (isScalar(node) && /^QUOTE/.test(String(node.type)) && !isClosed(text.slice(range[0], range[1]))) {
        const problem = `the quote that opens here (${opener}) is not closed in its line`;
        found ??= { line, problem, fix: `close it with another ${opener} where the text ends` };
      }
      const closer = opener === "{" ? "}" : "]";
      if (isCollection(node) && node.flow && text[range[1] - 1] !== closer && line < lines.linePos(offset).line) {
        const problem = `the ${quote(opener)} that opens here is not closed`;
        found ??= { line, problem, fix: `close it with ${closer}, and indent what is in it deeper than its key` };
      }
    },
  });
  return found;
}

/** In one line: a text over several lines is allowed, and far more often a quote was forgotten. */
const isClosed = (quoted: string): boolean =>
  quoted.length > 1 && quoted.at(0) === quoted.at(-1) && !quoted.includes("\n");

const rowsOf = (text: string): readonly string[] => text.split(/\r?\n/);

/** The key of a line, if it has one: what stands after it may be a secret. */
function keyOf(row: string | undefined): string | undefined {
  return /^\s*(?:- +)*["']?([\w./:-]+?)["']?\s*:(?:\s|$)/.exec(row ?? "")?.[1];
}

const subject = (row: string | undefined): string => {
  const key = keyOf(row);
  return key === undefined ? "this line" : quote(key);
};

function indented(line: number, text: string): YamlMistake {
  const row = rowsOf(text)[line - 1];
  const spaces = /^ */.exec(row ?? "")?.[0].length ?? 0;
  return {
    line,
    problem: `${subject(row)} is indented by ${spaces} spaces, which fits no key above it`,
    fix: "indent it exactly as the keys that it belongs beside",
  };
}

/** `a: b: c` in one line, or a line below a value that is indented deeper than it. */
function nested(line: number, offset: number, text: string): YamlMistake {
  const rows = rowsOf(text);
  const row = rows[line - 1] ?? "";
  const rest = text.slice(offset).split(/\r?\n/)[0] ?? "";
  if (/:(\s|$)/.test(rest)) {
    const problem = `the value of ${subject(row)} has a colon with a space after it`;
    return { line, problem, fix: "put the value into quotes" };
  }
  const next = rows.findIndex((one, index) => index >= line && /^\s*[^\s#]/.test(one));
  if (next === -1) return { line, problem: `${subject(row)} has a value and keys below it`, fix: "keep one of both" };
  return {
    line: next + 1,
    problem: `${subject(rows[next])} is indented deeper than ${subject(row)}, which has a value already`,
    fix: "indent it exactly as the keys that it belongs beside",
  };
}

function duplicate(
  line: number,
  offset: number,
  { document, text }: { document: Document; text: string },
): YamlMistake {
  let first: number | undefined;
  let key = "";
  visit(document, {
    Map: (_, map) => {
      const keys = map.items.map((item) => item.key).filter((each) => isScalar(each));
      const twice = keys.find((each) => each.range?.[0] === offset);
      if (twice === undefined) return;
      key = String(twice.value);
      first = keys.find((each) => each.value === twice.value)?.range?.[0];
    },
  });
  const where = first === undefined ? "" : `: first in line ${lineAt(text, first)}`;
  const problem = `${quote(key)} stands here twice${where}`;
  return { line, problem, fix: "write it once, with all that belongs below it" };
}

function withoutColon(line: number, text: string): YamlMistake {
  const row = rowsOf(text)[line - 1] ?? "";
  if (/^\s*(?:- +)?[\w-]+:\S/.test(row)) {
    const problem = "a key's colon has no space after it";
    return { line, problem, fix: "put a space after the colon" };
  }
  return { line, problem: "this line has no key with a colon after it", fix: "write it as key: value" };
}

/** A `*name` that no `&name` above it explains, or that stands in what it names. */
function aliases({ document, lines }: Parsed): YamlMistake | undefined {
  let found: YamlMistake | undefined;
  visit(document, {
    Alias: (_, alias, path) => {
      const { line } = lines.linePos(alias.range?.[0] ?? 0);
      const target = alias.resolve(document);
      if (target === undefined) {
        const problem = `${quote(`*${alias.source}`)} names an anchor that nothing above it has`;
        const fix = `write the value, or put &${alias.source} before the value that is meant; a text that begins with * needs quotes`;
        found ??= { line, problem, fix };
      } else if (path.includes(target)) {
        const problem = `${quote(`*${alias.source}`)} stands inside the value that it names`;
        found ??= { line, problem, fix: "write the value instead" };
      }
    },
    Pair: (_, pair) => {
      if (!isScalar(pair.key) || pair.key.source !== "<<") return;
      const given = isAlias(pair.value) ? pair.value.resolve(document) : pair.value;
      if (isMap(given) || (isCollection(given) && !given.items.some((item) => !isMap(item) && !isAlias(item)))) return;
      const { line } = lines.linePos(pair.key.range?.[0] ?? 0);
      const problem = '"<<" takes in the keys of a map, and what follows it is none';
      found ??= { line, problem, fix: "name an anchor before a map, as in <<: *name" };
    },
  });
  return found;
}

/** `!secret name` and the like are of other programs: here the tag would be dropped without a word. */
function tags({ document, text }: Parsed): YamlMistake | undefined {
  const unknown = document.warnings.find(({ code }) => code === "TAG_RESOLVE_FAILED");
  if (unknown === undefined) return undefined;
  const tag = /^![\w!:/.-]*/.exec(text.slice(unknown.pos[0]))?.[0] ?? "!";
  return {
    line: unknown.linePos?.[0].line ?? 1,
    problem: `the tag ${quote(tag)} is not known here`,
    fix: "write the value without it; of a secret, write the name, and set it with: pulumi config set --path --secret 'isthmus:secrets.NAME'",
  };
}
