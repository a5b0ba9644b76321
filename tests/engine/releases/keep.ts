/**
 * Keeps what `up` of the program of today writes, for `releases.test.ts`: `node --import tsx tests/engine/releases/keep.ts NAME`
 * with `pulumi` on PATH. Once for each release, and never again for one that is kept: see ../README.md.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

import { must } from "../../kits/engine/harness.ts";
import { repository, TwoSites } from "../../kits/fleets/two-sites.ts";
import { releaseFile, releaseFolder } from "./kept.ts";

const [name = ""] = process.argv.slice(2);
if (!/^\d{4}-\d\d-\d\d[-.\w]*$/.test(name)) throw new Error("name the release by its date, as in: keep.ts 2026-11-28");
if (existsSync(releaseFolder(name))) throw new Error(`${name} is kept already. What a release wrote does not change.`);

const sites = new TwoSites();
try {
  await sites.init(sites.a, sites.b);
  // A before B is there, B, and A again, which links them: as the README says.
  for (const site of [sites.a, sites.b, sites.a]) must(await site.up());
  mkdirSync(releaseFolder(name), { recursive: true });
  for (const { name: stack } of [sites.a, sites.b]) {
    // In plain text, so that a person can read them and git need not keep noise; all of these secrets are the tests' own.
    const exported = must(await sites.fleet.pulumi(["stack", "export", "--show-secrets", "--stack", stack])).stdout;
    const file = releaseFile(name, stack);
    writeFileSync(file, gzipSync(exported.replaceAll(repository, "/isthmus"), { level: 9 }));
    console.log(file);
  }
} finally {
  sites.dispose();
}
