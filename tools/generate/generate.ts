import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { declare } from "../../cli/lib/command/declare.ts";
import { flag } from "../../cli/lib/command/option.ts";
import { start } from "../../cli/lib/command/start.ts";
import { exitCode, type ExitCode } from "../../cli/lib/exit.ts";
import { describeFindings } from "../../config/describe.ts";
import { planStackFiles } from "../../plan/stack-files.ts";
import { generatedFiles, leftOver, staleFiles } from "./files.ts";

/** `npm run generate` writes what is derived; `npm run fresh` (`--check`) fails where it would change anything. */
async function generate(root: string, check: boolean): Promise<ExitCode> {
  const planned = planStackFiles(root);
  if ("findings" in planned) return refuse(describeFindings(planned.findings, planned.sources));
  const files = await generatedFiles(planned.fleet);
  if (check) {
    const stale = staleFiles(root, files);
    if (stale.length === 0) return exitCode.fine;
    return refuse(
      `Not what the code and the stack files say: ${stale.join(", ")}\n    run \`npm run generate\` and commit`,
    );
  }
  for (const [path, content] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  for (const path of leftOver(root, files)) rmSync(join(root, path));
  return exitCode.fine;
}

function refuse(message: string): ExitCode {
  process.stderr.write(`${message}\n`);
  return exitCode.finding;
}

const command = declare({
  name: "generate",
  summary: "writes what is derived from code and the default stack files",
  arguments: {},
  options: { check: flag("write nothing: tell what is stale") },
  examples: ["generate", "generate -- --check"],
  finding: "with --check: a file is stale",
  needs: ["stack files"],
  run: ({ check }) => generate(process.cwd(), check),
});

await start([command], ["generate", ...process.argv.slice(2)], "npm run");
