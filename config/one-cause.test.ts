import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { planStackFiles } from "../plan/stack-files.ts";
import { validFleet } from "./cases.ts";
import { isRecord } from "./sources.ts";

/** Fleets whose every key is misspelt in turn; all valid ones take a minute. */
const fleets = ["three-pis", "vms-on-proxmox", "public-routes"];

/** Every key of every map, by its path. */
function keysIn(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (Array.isArray(value)) return value.flatMap((inner, index) => keysIn(inner, [...path, String(index)]));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => [[...path, key], ...keysIn(inner, [...path, key])]);
}

/** The text of a file with one key written wrongly. */
function misspelt(text: string, path: readonly string[]): string {
  const document = parse(text) as unknown;
  const key = path.at(-1) ?? "";
  const holder = path.slice(0, -1).reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], document);
  const map = holder as Record<string, unknown>;
  const entries = Object.entries(map).map(([name, value]) => [name === key ? `${name}q` : name, value] as const);
  for (const name of Object.keys(map)) Reflect.deleteProperty(map, name);
  Object.assign(map, Object.fromEntries(entries));
  return stringify(document);
}

describe("one cause", function () {
  this.timeout(120_000);

  for (const fleet of fleets) {
    it(`gives one finding: a slip in any key of ${fleet}`, () => {
      const folder = mkdtempSync(join(tmpdir(), "isthmus-causes-"));
      try {
        const files = validFleet(fleet);
        for (const [file, bytes] of files) writeFileSync(join(folder, file), bytes);
        let seen = 0;
        for (const [file, bytes] of files) {
          const text = bytes.toString();
          for (const path of keysIn(parse(text)).filter(([top, own]) => top === "config" && own !== undefined)) {
            writeFileSync(join(folder, file), misspelt(text, path));
            const planned = planStackFiles(folder);
            const findings = "findings" in planned ? planned.findings : [];
            assert.ok(findings.length <= 1, `${file} ${path.join(".")}: ${JSON.stringify(findings, undefined, 1)}`);
            seen += findings.length;
          }
          writeFileSync(join(folder, file), text);
        }
        assert.ok(seen > 10, "most slips are told");
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
});
