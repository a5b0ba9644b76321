import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import formats from "ajv-formats";
import { parse } from "yaml";
import { generateSchemas } from "../../config/json-schema.ts";
import { catalogue } from "../../plan/catalogue.ts";
import { partialSchema } from "./partial-schema.ts";
import { examplesOf } from "./schema-examples.ts";
import { keyRows, table } from "./schema-table.ts";
import { servicePages } from "./service-pages.ts";
import { stackFilePages, stackFiles } from "./stack-file-pages.ts";

const files = stackFiles(process.cwd());
const noFleet = { sites: [] } as unknown as Parameters<typeof servicePages>[1];
const pages = new Map([...stackFilePages(files), ...servicePages(catalogue, noFleet, files)]);

interface Row {
  readonly page: string;
  readonly key: string;
  readonly type: string;
  readonly standard: string;
  readonly meaning: string;
  readonly example: string;
}

const rows: Row[] = [...pages].flatMap(([page, text]) =>
  [...text.matchAll(/^\| `([^`]+)` \| (.*) \|$/gm)].map(([, key = "", cells = ""]) => {
    const [type = "", standard = "", meaning = "", example = ""] = cells.split(/ (?<!\\)\| /);
    return { page, key, type, standard, meaning, example };
  }),
);
const row = (page: string, key: string): Row | undefined => rows.find((one) => one.page === page && one.key === key);

describe("pages of all keys of the stack files", () => {
  it("say of every key what it is, what it means, and give an example of it, where neither its default nor its meaning is one", () => {
    assert.ok(rows.length > 150, String(rows.length));
    const leaf = ({ page, key }: Row) => !rows.some((other) => other.page === page && other.key.startsWith(`${key}.`));
    assert.deepEqual(
      rows.filter(({ type, meaning }) => type === "" || meaning === "").map(({ page, key }) => `${page}: ${key}`),
      [],
      "its zod schema has no description",
    );
    const shown = ({ example, standard, meaning }: Row) =>
      example !== "" || !["", "required"].includes(standard) || meaning.includes("such as ");
    assert.deepEqual(
      rows.filter((one) => leaf(one) && !shown(one)).map(({ page, key }) => `${page}: ${key}`),
      [],
      "give one in tools/generate/further-examples.yaml",
    );
  });

  it("say what is required, a key's default, its limits, and sentences that follow the default", () => {
    assert.deepEqual(row("site.md", "proxmox.vlan"), {
      page: "site.md",
      key: "proxmox.vlan",
      type: "integer 1 to 4094",
      standard: "untagged",
      meaning: "VLAN tag of the VMs' network.",
      example: "`20`",
    });
    assert.equal(row("site.md", "nodes.<name>.role")?.standard, "required");
    assert.equal(row("fleet.md", "state.copyAt")?.example, "`the NAS at site-b`");
    assert.deepEqual(
      [row("vault.md", "size")?.standard, row("vault.md", "size")?.meaning],
      ["5Gi", "Size of each server's data volume. It can grow, not shrink."],
    );
  });

  it("cut off checksums and keys, which nobody may copy, and keep angle brackets as text", () => {
    assert.equal(row("site.md", "kubernetes.checksums.amd64.binary")?.example, "`f95350e3…`");
    for (const [page, text] of pages) assert.doesNotMatch(text, /[0-9a-f]{32}|AAAA[A-Za-z0-9+/]{20}/, page);
    assert.match(row("fleet.md", "sites")?.meaning ?? "", /Pulumi\.&lt;site>\.yaml/);
    assert.match(table(["a"], [["<b> `<c>`"]]), /\| &lt;b> `<c>` \|/);
  });

  it("take an example from the first file that has the key, by the key's place in the schema", () => {
    const schema = {
      properties: {
        list: { items: { properties: { a: {} } } },
        map: { additionalProperties: { properties: { b: {} } } },
      },
    };
    const examples = examplesOf(schema, [{ list: [{}, { a: 1 }] }, { list: [{ a: 2 }], map: { x: { b: [3, 4] } } }]);
    assert.deepEqual(
      keyRows(schema, examples).map(([key, , , , example]) => [key, example]),
      [
        ["`list`", "`[{}, { a: 1 }]`"],
        ["`list[].a`", "`1`"],
        ["`map`", "`{ x: { b: [3, 4] } }`"],
        ["`map.<name>.b`", "`[3, 4]`"],
      ],
    );
  });

  it("give further examples that have the shape of their keys", () => {
    const further = parse(readFileSync(join(import.meta.dirname, "further-examples.yaml"), "utf8")) as {
      fleet: object;
      site: object;
      services: object;
    };
    const schemas = generateSchemas(catalogue);
    const problems = (path: string, value: unknown) => {
      const ajv = new Ajv({ allErrors: true, strict: false });
      formats.default(ajv);
      const check = ajv.compile(partialSchema(JSON.parse(schemas.get(path) ?? "null")) as object);
      check(value);
      return (check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ""}`);
    };
    const site = { ...further.site, services: further.services };
    assert.deepEqual(problems("schemas/fleet.json", { config: { "isthmus:fleet": { value: further.fleet } } }), []);
    assert.deepEqual(problems("schemas/site.json", { config: { "isthmus:site": site } }), []);
    assert.notDeepEqual(
      problems("schemas/site.json", { config: { "isthmus:site": { nodes: { a: { rol: 1 } } } } }),
      [],
    );
  });
});
