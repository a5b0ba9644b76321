/** Secrets are where they belong, and nowhere else in all that a fleet's life left behind. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { canaries, type TwoSites } from "../../kits/fleets/two-sites.ts";

/** What every script on every host answers, but for the few whose answer is read. */
export const scriptOutput = "canary-output-8c44";

export function secretsWhereTheyBelong(sites: () => TwoSites): void {
  it("the secrets that things need are in these things, decrypted", () => {
    const things = JSON.stringify(sites().fleet.store.list());
    for (const key of ["cloudflareToken", "publicUsers"] as const) {
      const value = canaries[`isthmus:secrets.${key}`];
      const encoded = Buffer.from(value).toString("base64");
      assert.ok(things.includes(value) || things.includes(encoded), key);
    }
  });

  it("every secret input reaches what uses it: a provider, a connection, a script's standard input, an object", async () => {
    const { resources } = await sites().a.export({ secrets: true });
    const used = JSON.stringify(resources);
    for (const [key, value] of Object.entries(canaries)) {
      const encoded = Buffer.from(value).toString("base64");
      assert.ok(used.includes(value) || used.includes(encoded), key);
    }
  });
}

export function secretsNowhereElse(sites: () => TwoSites): void {
  it("no secret is in plain text in the backend, its history, the copies, the events, the output or the log of calls", async () => {
    const { fleet, toolRuns, a, b } = sites();
    const generated = await generatedSecrets([a.name, b.name], sites());
    // Where somebody asks for secrets, there they are.
    const runs = fleet.runs.filter(({ command }) => !command.includes("--show-secrets"));
    const places: [string, string][] = [
      ...fleet.backendFiles(),
      ...filesUnder(join(fleet.program, "state-copies")),
      ...[...runs, ...toolRuns].map((run): [string, string] => [run.command, `${run.stdout}\n${run.stderr}`]),
      ...runs.map((run): [string, string] => [`events of ${run.command}`, run.eventLog]),
      ["calls", JSON.stringify(fleet.calls())],
    ];
    assert.ok(places.length > 60);
    assert.ok(generated.length > 10);
    const wanted = [...Object.values(canaries), scriptOutput, "PRIVATE KEY", ...generated];
    for (const secret of wanted.flatMap((text) => [text, Buffer.from(text).toString("base64")])) {
      const found = places.filter(([, content]) => content.includes(secret)).map(([place]) => place);
      assert.deepEqual(found, [], secret.slice(0, 20));
    }
  });
}

/** The values of passwords and keys that the program made, out of the decrypted states. */
async function generatedSecrets(stacks: readonly string[], { fleet }: TwoSites): Promise<readonly string[]> {
  const made: string[] = [];
  for (const name of stacks) {
    const { resources } = await fleet.stack(name).export({ secrets: true });
    for (const { type, outputs } of resources) {
      if (type !== "random:index/randomPassword:RandomPassword") continue;
      const { result } = (outputs ?? {}) as { readonly result?: string | { readonly plaintext: string } };
      const text = typeof result === "string" ? result : result?.plaintext;
      if (text !== undefined) made.push(text.replaceAll('"', ""));
    }
  }
  return made;
}

function filesUnder(folder: string): [string, string][] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => [join(parentPath, name), readFileSync(join(parentPath, name), "utf8")]);
}
