import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { declare, type Group } from "../../cli/lib/command/declare.ts";
import { flag, preset, required, text, wholeNumber } from "../../cli/lib/command/option.ts";
import { commandsPage, withCommands } from "./commands-page.ts";

const wait = declare({
  name: "wait",
  summary: "waits",
  notes: "It may take long.",
  arguments: { site: required(text("site", "where")) },
  options: { seconds: preset(wholeNumber("seconds", "how long"), 5), loud: flag("say so | or not") },
  examples: ["wait home --loud"],
  finding: "it was too long",
  needs: ["Pulumi CLI"],
  run: () => Promise.resolve(0),
});
const group: Group = {
  name: "more",
  summary: "does more",
  commands: [
    { ...wait, name: "one" },
    { ...wait, name: "two" },
  ],
};

describe("the page of commands", () => {
  it("says of each how it is called, what its values are, what it needs and how it ends", () => {
    const page = commandsPage([wait, group]);
    const section = page.slice(page.indexOf("## wait"), page.indexOf("## more one"));
    assert.equal(
      section,
      `## wait

Waits. It may take long.

\`\`\`sh
npx isthmus wait <site>
npx isthmus wait home --loud
\`\`\`

| value                 | what it is            |
| --------------------- | --------------------- |
| \`site\`                | where                 |
| \`--seconds <seconds>\` | how long (default: 5) |
| \`--loud\`              | say so \\| or not      |

Needs: the Pulumi CLI, logged in to the backend of the stacks.

Exit codes: 0, in order; 1, it was too long; 2, wrong usage; 3, something needed is not there.

`,
    );
    assert.match(page, /^## more two$/m);
  });

  it("is short in the README, between its marks", () => {
    const [begin, end] = ["<!-- commands: kept by `npm run generate` -->", "<!-- /commands -->"];
    assert.equal(
      withCommands(`a\n${begin}\nold\n${end}\nb\n`, [wait, group]),
      `a\n${begin}\n\n| verb           | what it does |\n| -------------- | ------------ |\n| \`wait <site>\`  | waits        |\n| \`more one/two\` | does more    |\n\n${end}\nb\n`,
    );
    assert.throws(() => withCommands("nothing", [wait]), /README\.md has lost its marks/);
  });
});

describe("npm run generate", function () {
  this.timeout(30_000);

  it("refuses an option that it does not know, and generates nothing", async () => {
    const said = await new Promise<string>((resolve, reject) => {
      execFile(process.execPath, ["--import", "tsx", "tools/generate/generate.ts", "--chekc"], (error, _, stderr) => {
        if (error?.code === 2) resolve(stderr);
        else reject(error ?? new Error("it ended well"));
      });
    });
    assert.equal(said, "error: unknown option '--chekc'\n(Did you mean --check?)\n");
  });
});
