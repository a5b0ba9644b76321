import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { describeFindings } from "../config/describe.ts";
import { load } from "../config/load.ts";
import { catalogue } from "../plan/catalogue.ts";
import { planFleet } from "../plan/fleet.ts";
import { generatedFiles, leftOver, staleFiles } from "./generate/files.ts";

/** `npm run generate` writes what is derived; `npm run fresh` (`--check`) fails where it would change anything. */
async function generate(root: string, check: boolean): Promise<number> {
  const loaded = load(root, catalogue);
  const fleet = "findings" in loaded ? undefined : planFleet(loaded.model);
  const findings = "findings" in loaded ? loaded.findings : (fleet?.findings ?? []);
  if (fleet === undefined || findings.length > 0) return refuse(describeFindings(findings, loaded.sources));
  const files = await generatedFiles(fleet);
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
