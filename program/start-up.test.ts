import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Packages below node_modules that a fresh process has loaded after it imported some modules. */
async function loadedBy(...modules: readonly string[]): Promise<string[]> {
  const program = `
    const { createRequire } = await import("node:module");
    for (const module of ${JSON.stringify(modules)}) await import(module);
    const files = Object.keys(createRequire(process.cwd() + "/x.js").cache);
    console.log(JSON.stringify(files.map((file) => /node_modules\\/((@[^/]+\\/)?[^/]+)/.exec(file)?.[1] ?? "")));`;
  const { stdout } = await run("node", ["--import", "tsx", "--input-type=module", "--eval", program]);
  return [...new Set(JSON.parse(stdout) as string[])];
}

describe("start-up", () => {
  it("checks stack files without loading Pulumi's SDK, which takes longer than all the rest", async () => {
    const loaded = await loadedBy("./config/load.ts", "./plan/catalogue.ts", "./plan/fleet.ts");
    assert.deepEqual(
      loaded.filter((name) => name.startsWith("@pulumi/") || name.startsWith("@grpc/")),
      [],
    );
  });

  it("would see the SDK", async () => {
    assert.ok((await loadedBy("./program/site.ts")).includes("@pulumi/pulumi"));
  });

  it("leaves out what the SDK serialises functions with, under the engine too", async () => {
    const needed = "@npmcli/metavuln-calculator";
    assert.ok((await loadedBy("./program/site.ts")).includes(needed));
    assert.ok(!(await loadedBy("./index.ts")).includes(needed));
  });
});
