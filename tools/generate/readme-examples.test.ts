import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** What the TypeScript example of a package's README exports: it is run as it stands. */
async function exampleOf(name: string): Promise<Record<string, unknown>> {
  const folder = new URL(`../../components/${name}/`, import.meta.url);
  const [, code] = /```ts\n([^`]*)```/.exec(readFileSync(new URL("README.md", folder), "utf8")) ?? [];
  assert.ok(code !== undefined, `${name} has no example`);
  const file = new URL(`.readme-example-${process.pid}.ts`, folder);
  writeFileSync(file, code);
  try {
    return (await import(fileURLToPath(file))) as Record<string, unknown>;
  } finally {
    rmSync(file);
  }
}

describe("examples in READMEs", () => {
  it("of core: a workload's placement stands where the chart has places for it", async () => {
    const { values } = await exampleOf("core");
    const { affinity, ...rest } = values as Record<string, unknown>;
    assert.deepEqual(rest, {
      image: { tag: "1.2.3" },
      replicaCount: 3,
      resources: { requests: { memory: "256Mi", cpu: "100m" }, limits: { memory: "512Mi" } },
      tolerations: [],
    });
    assert.match(JSON.stringify(affinity), /requiredDuringScheduling.*topology\.kubernetes\.io\/zone/);
  });

  it("of helm: a chart comes from its repository, or from a mirror", async () => {
    const example = await exampleOf("helm");
    assert.deepEqual(
      { ...example },
      {
        usual: { chart: "longhorn", repositoryOpts: { repo: "https://charts.longhorn.io" } },
        mirrored: { chart: "oci://registry.home.arpa/charts/longhorn" },
        packed: { chart: "./charts/longhorn-1.12.1.tgz" },
      },
    );
  });
});
