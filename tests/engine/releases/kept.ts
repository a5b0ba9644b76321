/** States that `up` of former releases wrote, decrypted: all secrets in them were made for tests, by simulated providers. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";

import type { StateResource } from "../../kits/engine/harness.ts";

const folder = resolve(import.meta.dirname, "../fixtures/releases");

export const releaseFolder = (release: string): string => join(folder, release);

export const releaseFile = (release: string, stack: string): string => join(releaseFolder(release), `${stack}.json.gz`);

/** The oldest first. */
export function keptReleases(): readonly string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return entries.map(({ name }) => name).sort();
}

/** What `pulumi stack export --show-secrets` gave. */
export function keptState(release: string, stack: string): string {
  return gunzipSync(readFileSync(releaseFile(release, stack))).toString("utf8");
}

export function resourcesIn(state: string): readonly StateResource[] {
  return (JSON.parse(state) as { readonly deployment: { readonly resources: readonly StateResource[] } }).deployment
    .resources;
}
