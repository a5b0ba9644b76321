import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { describeFindings } from "../../config/describe.ts";
import { planStackFiles } from "../../plan/stack-files.ts";
import { generatedFiles, leftOver, staleFiles } from "./files.ts";

/** `npm run generate` writes what is derived; `npm run fresh` (`--check`) fails where it would change anything. */
async function generate(root: string, check: boolean): Promise<number> {
  const planned = planStackFiles(root);
  if ("findings" in planned) return refuse(describeFindings(planned.findings, planned.sources));
  const files = await generatedFiles(planned.fleet);
  if (check) {
    const stale = staleFiles(root, files);
    if (stale.length === 0) return 0;
    return refuse(
      `Not what the code and the stack files say: ${stale.join(", ")}\n    run \`npm run generate\` and commit`,
    );
  }
  for (const [path, content] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  for (const path of leftOver(root, files)) rmSync(join(root, path));
  return 0;
}

function refuse(message: string): number {
  process.stderr.write(`${message}\n`);
  return 1;
}

const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
process.exitCode = await generate(process.cwd(), values.check);
