import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "@isthmus/core";
import { Sources } from "./sources.ts";

/** Line and words of what is wrong with a file, "" where nothing is. */
function told(content: string | Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-yaml-"));
  const sources = new Sources(folder);
  try {
    writeFileSync(join(folder, "f.yaml"), content);
    sources.read("f.yaml", []);
    return "";
  } catch (error) {
    assert.ok(error instanceof UserError, String(error));
    const [finding] = error.findings;
    return `${sources.line("f.yaml#")}: ${finding?.problem ?? ""} | ${finding?.fix ?? ""}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const beside = "indent it exactly as the keys that it belongs beside";
const conflict = "keep the lines that are meant, and delete the lines with <<<<<<<, =======, and >>>>>>>";

/** What is wrong, the file, and what is said of it: the line is that of the mistake, not where a parser noticed. */
const mistakes: readonly (readonly [what: string, file: string | Uint8Array, said: string])[] = [
  ["a tab", "a:\n\tb: 1\n", "2: a tab stands where YAML has spaces | indent the line with spaces"],
  [
    "too little indentation",
    "a:\n    b: 1\n  c: 2\n",
    `3: "c" is indented by 2 spaces, which fits no key above it | ${beside}`,
  ],
  [
    "too much indentation",
    "a:\n  b: 1\n   c: 2\n",
    `3: "c" is indented deeper than "b", which has a value already | ${beside}`,
  ],
  [
    "a key among items",
    "a:\n  - x\n  b: 1\n",
    `3: "b" is indented by 2 spaces, which fits no key above it | ${beside}`,
  ],
  [
    "a key twice",
    "x:\n  a: 1\n  b: 2\n  a: 3\n",
    '4: "a" stands here twice: first in line 2 | write it once, with all that belongs below it',
  ],
  [
    "a double quote",
    'a: "x\nb: 2\nc: 3\n',
    '1: the quote that opens here (") is not closed in its line | close it with another " where the text ends',
  ],
  [
    "a single quote",
    "z: 0\na: 'x\nb: 2\n",
    "2: the quote that opens here (') is not closed in its line | close it with another ' where the text ends",
  ],
  [
    "a quote that a later one closes",
    'a: "x\nb: "y"\n',
    '1: the quote that opens here (") is not closed in its line | close it with another " where the text ends',
  ],
  [
    "a quote in a text in quotes",
    "z: 0\na: 'it's'\n",
    "2: something follows a value that has ended already | put the whole value into one pair of quotes; in single quotes, a ' is written twice",
  ],
  [
    "a brace",
    "z: 0\na: { b: 1\nc: 2\n",
    '2: the "{" that opens here is not closed | close it with }, and indent what is in it deeper than its key',
  ],
  [
    "a bracket",
    "a: [1, 2\nc: 2\n",
    '1: the "[" that opens here is not closed | close it with ], and indent what is in it deeper than its key',
  ],
  ["a brace too many", "a: { b: 1 } }\n", '1: this "}" closes nothing | delete it, or open it before'],
  [
    "no comma",
    "a: { b: 1 c: 2 }\n",
    "1: a comma is missing between two entries of { } or [ ] | put a comma between the entries",
  ],
  [
    "a colon in a value",
    "z: 0\na: b: c\n",
    '2: the value of "a" has a colon with a space after it | put the value into quotes',
  ],
  [
    "no space after a colon",
    "x:\n  a:1\n  b: 2\n",
    "2: a key's colon has no space after it | put a space after the colon",
  ],
  ["no colon", "x:\n  a 1\n  b: 2\n", "2: this line has no key with a colon after it | write it as key: value"],
  ["an at sign", "a: @x\n", '1: a text cannot begin with "@" without quotes | put the text into quotes'],
  [
    "a backslash",
    'a: "\\q"\n',
    "1: a backslash begins an escape in double quotes, and what follows is none | put the text into single quotes, or write the backslash twice",
  ],
  [
    "an anchor that is nowhere",
    "z: 0\na: *nope\n",
    '2: "*nope" names an anchor that nothing above it has | write the value, or put &nope before the value that is meant; a text that begins with * needs quotes',
  ],
  [
    "an anchor that holds itself",
    "z: 0\na: &x { b: *x }\n",
    '2: "*x" stands inside the value that it names | write the value instead',
  ],
  [
    "a merge key without a map",
    "a: 1\nc: { <<: 3 }\n",
    '2: "<<" takes in the keys of a map, and what follows it is none | name an anchor before a map, as in <<: *name',
  ],
  [
    "a tag of another program",
    "a: 1\nb: !secret x\n",
    "2: the tag \"!secret\" is not known here | write the value without it; of a secret, write the name, and set it with: pulumi config set --path --secret 'isthmus:secrets.NAME'",
  ],
  [
    "a second document",
    "a: 1\n---\nb: 2\n",
    "2: a second document begins here, with --- | delete the line: all of the file is one document, below one `config:`",
  ],
  [
    "a conflict",
    "x:\n  a: 1\n<<<<<<< HEAD\n  b: 2\n=======\n  b: 3\n>>>>>>> branch\n  c: 1\n",
    `3: a merge left its conflict marker "<<<<<<<" here (and ======= in line 5, >>>>>>> in line 7) | ${conflict}`,
  ],
  [
    "a conflict with its base",
    "<<<<<<< a\nb: 2\n||||||| base\nb: 1\n=======\nb: 3\n>>>>>>> c\n",
    `1: a merge left its conflict marker "<<<<<<<" here (and ||||||| in line 3, ======= in line 5, >>>>>>> in line 7) | ${conflict}`,
  ],
  [
    "what is left of a conflict",
    "a: 1\nb: 3\n>>>>>>> branch\n",
    `3: a merge left its conflict marker ">>>>>>>" here | ${conflict}`,
  ],
  [
    "line ends of old Macs",
    "a: 1\rb: 2\r",
    "1: a line ends in a carriage return alone | save the file with line ends of Unix (LF) or Windows (CRLF)",
  ],
  [
    "a control character",
    "a: 1\nb: x\u0000\n",
    "2: a control character (U+0000) stands here | delete it, and write the line again",
  ],
  [
    "Latin-1",
    Buffer.from("a: 1\nb: K\u00fcche\n", "latin1"),
    "2: this line has bytes that are not UTF-8 text | save it as UTF-8",
  ],
  ["UTF-16", Buffer.from("\ufeffa: 1\n", "utf16le"), "1: the file is UTF-16 text | save it as UTF-8"],
];

describe("mistakes in YAML", () => {
  for (const [what, file, said] of mistakes) {
    it(`${what}: is told in words, at its own line`, () => {
      assert.equal(told(file), said);
    });
  }

  it("are none: a BOM, line ends of Windows, anchors, merge keys, tags of YAML, quotes over several lines", () => {
    const files = [
      "\ufeffa: 1\n",
      "a:\r\n  b: 1\r\n",
      "a: &x { b: 1 }\nc: *x\n",
      "a: &x { b: 1 }\nc: { <<: *x, d: 2 }\ne: { <<: [*x] }\n",
      'a: !!str 1\nb: "x\n  y"\nc: |\n  =======\n',
      "---\na: 1\n...\n",
      "",
    ];
    assert.deepEqual(
      files.map(told),
      files.map(() => ""),
    );
  });

  it("repeat no value: it may be a secret", () => {
    for (const [, file] of mistakes) {
      if (typeof file !== "string") continue;
      const canary = "correct-horse-battery";
      assert.ok(!told(file.replace(/\b1\b/, canary).replace(/\b2\b/, canary)).includes(canary), file);
    }
  });
});
