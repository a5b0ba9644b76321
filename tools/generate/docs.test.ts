import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import formats from "ajv-formats";
import { parseAllDocuments } from "yaml";
import { generateSchemas } from "../../config/json-schema.ts";
import { catalogue } from "../../plan/catalogue.ts";
import { partialSchema } from "./partial-schema.ts";

const pages = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], {
  encoding: "utf8",
})
  .trim()
  .split("\n")
  .filter((page) => existsSync(page));

/** Links to files, without those to places in a page or elsewhere. */
function linksIn(page: string): string[] {
  const links = readFileSync(page, "utf8").matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g);
  return [...links].flatMap(([, link = ""]) => (/^[a-z]+:/.test(link) ? [] : [link]));
}

describe("documentation", () => {
  it("links to files that are there", () => {
    const broken = pages.flatMap((page) =>
      linksIn(page)
        .filter((link) => !existsSync(join(dirname(page), link)))
        .map((link) => `${page}: ${link}`),
    );
    assert.deepEqual(broken, []);
    assert.ok(linksIn("README.md").includes("docs/guide/first-site.md"));
  });

  it("names commands that package.json has", () => {
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
    const unknown = pages.flatMap((page) =>
      [...readFileSync(page, "utf8").matchAll(/npm run ([a-z][a-z:-]*)/g)]
        .filter(([, name = ""]) => !(name in scripts))
        .map(([command]) => `${page}: ${command}`),
    );
    assert.deepEqual(unknown, []);
  });

  it("is in the field's words", () => {
    const quaint = /\b(anew|mends?|mended|genesis|occasions?|casualties|homeless|shall|whilst|amiss|hence|betwixt)\b/i;
    // A decision may quote names that states of former releases have.
    const lines = pages
      .filter((page) => !page.startsWith("docs/decisions/"))
      .flatMap((page) =>
        readFileSync(page, "utf8")
          .split("\n")
          .flatMap((line, index) => (quaint.test(line) ? [`${page}:${String(index + 1)}: ${line.trim()}`] : [])),
      );
    assert.deepEqual(lines, []);
  });

  it("shows parts of stack files that have the keys and shapes of stack files", () => {
    const wrong = yamlBlocks.flatMap(({ page, at, values }) =>
      values.flatMap((value) => problemsOf(value).map((problem) => `${page}:${String(at)}: ${problem}`)),
    );
    assert.deepEqual(wrong, []);
    assert.ok(yamlBlocks.filter(({ page }) => page.startsWith("docs/guide/")).length > 10);
    assert.deepEqual(problemsOf({ nodes: { pi: { machne: {} } } }), [
      "/config/isthmus:site/nodes/pi must NOT have additional properties: machne",
    ]);
    assert.deepEqual(problemsOf({ kubernetes: { flannel: "calico" } }).length, 1);
    assert.deepEqual(problemsOf({ whatever: 1 }), ["is no part of a stack file that this test knows: whatever"]);
  });
});

const yamlBlocks = pages.flatMap((page) =>
  [...readFileSync(page, "utf8").matchAll(/^( *)```yaml\n(.*?)^\1```/gms)].map((block) => ({
    page,
    at: readFileSync(page, "utf8").slice(0, block.index).split("\n").length,
    values: parseAllDocuments((block[2] ?? "").replaceAll(new RegExp(`^${block[1] ?? ""}`, "gm"), ""), {
      merge: true,
    }).map((document) => document.toJS() as unknown),
  })),
);

const schemas = generateSchemas(catalogue);
const validators = new Map(["fleet", "site"].map((name) => [name, validator(name)] as const));

function validator(name: string): ValidateFunction {
  const ajv = new Ajv({ allErrors: true, strict: false });
  formats.default(ajv);
  return ajv.compile(partialSchema(JSON.parse(schemas.get(`schemas/${name}.json`) ?? "null")) as object);
}

/** Where a part stands in its file, by its first key. */
function placed(part: object): { readonly schema: string; readonly file: object } | undefined {
  const [key = ""] = Object.keys(part);
  const site = (value: object) => ({ schema: "site", file: { config: { "isthmus:site": value } } });
  // Kubernetes' objects, Pulumi's own keys and k3s' configuration (`cluster-domain`), which others check.
  if ("apiVersion" in part || "runtime" in part || key.includes("-domain")) return { schema: "", file: {} };
  if ("config" in part) return { schema: "site", file: part };
  if (fleetKeys.has(key)) return { schema: "fleet", file: { config: { "isthmus:fleet": { value: part } } } };
  if (siteKeys.has(key)) return site(part);
  if (key === "machine" || key === "vm") return site({ nodes: { one: part } });
  if (key === "s3") return site({ kubernetes: { snapshots: part } });
  if (key in kubernetesKeys) return site({ kubernetes: part });
  const known = Object.entries(part).every(([name, value]) => serviceNames.has(serviceOf(name, value)));
  return known ? site({ services: part }) : undefined;
}

const serviceOf = (name: string, value: unknown): string => (value as { service?: string } | null)?.service ?? name;

const serviceNames = new Set(catalogue.map(({ name }) => name));
const fleetKeys = new Set(["domain", "sites", "overlay", "state", "chartMirror"]);
interface Properties {
  readonly properties: Readonly<Record<string, Properties>>;
}
const siteSchema = (JSON.parse(schemas.get("schemas/site.json") ?? "null") as Properties).properties["config"]
  ?.properties["isthmus:site"]?.properties;
const siteKeys = new Set(Object.keys(siteSchema ?? {}));
const kubernetesKeys = siteSchema?.["kubernetes"]?.properties ?? {};

function problemsOf(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return ["is no map"];
  const place = placed(value);
  if (place === undefined) return [`is no part of a stack file that this test knows: ${Object.keys(value).join(", ")}`];
  const check = validators.get(place.schema);
  if (check === undefined || check(place.file)) return [];
  return (check.errors ?? []).map(
    ({ instancePath, message, params }) =>
      `${instancePath} ${message ?? ""}: ${(params as { additionalProperty?: string }).additionalProperty ?? ""}`,
  );
}
