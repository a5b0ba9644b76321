import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import formats from "ajv-formats";
import { parse } from "yaml";
import { undescribed } from "../tests/kits/schemas/undescribed.ts";
import { catalogue } from "../plan/catalogue.ts";
import { readCases, validFleet } from "./cases.ts";
import { generateSchemas } from "./json-schema.ts";

const project = join(import.meta.dirname, "..");
const fixtures = join(import.meta.dirname, "fixtures");
const schemas = generateSchemas(catalogue);

const fleet = compiled("schemas/fleet.json");
const site = compiled("schemas/site.json");

function compiled(path: string): ValidateFunction {
  const ajv = new Ajv({ allErrors: true, strict: false });
  formats.default(ajv);
  return ajv.compile(JSON.parse(schemas.get(path) ?? "null") as object);
}

/** What an editor would underline in stack files: the paths. */
function underlined(files: Iterable<readonly [string, Buffer]>): string[] {
  return [...files]
    .filter(([file]) => /^Pulumi(\..+)?\.yaml$/.test(file))
    .flatMap(([file, bytes]) => {
      const check = file === "Pulumi.yaml" ? fleet : site;
      check(parse(bytes.toString(), { merge: true }));
      return (check.errors ?? []).map(
        (error) => `${file}${error.instancePath} ${error.message ?? ""} ${JSON.stringify(error.params)}`,
      );
    });
}

const filesIn = (folder: string): (readonly [string, Buffer])[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [[entry.name, readFileSync(join(folder, entry.name))] as const] : [],
  );

describe("JSON Schemas of the stack files", () => {
  for (const [path, content] of schemas) {
    it(`${path} is what the definitions say (npm run generate)`, () => {
      assert.equal(readFileSync(join(project, path), "utf8"), content);
    });
  }

  it("accept the default stack files", () => {
    assert.deepEqual(underlined(filesIn(project)), []);
  });

  for (const name of readdirSync(join(fixtures, "valid"))) {
    it(`accept ${name}`, () => {
      assert.deepEqual(underlined(validFleet(name)), []);
    });
  }

  const visible = readCases().filter(
    ({ name }) =>
      /^(unknown-key|unknown-service|missing|plaintext-secret)-/.test(name) &&
      !/^missing-file|-promise-for-nobody$/.test(name),
  );
  for (const { name, files } of visible) {
    it(`underline ${name}`, () => {
      assert.notDeepEqual(underlined(files), []);
    });
  }

  it("point at the unknown key itself", () => {
    const files = visible.find(({ name }) => name === "unknown-key-network-gatway")?.files ?? [];
    const [error] = underlined(files).filter((text) => text.includes("additional"));
    assert.match(error ?? "", /\/networks\/lan must NOT have additional properties \{"additionalProperty":"gatway"\}/);
  });

  it("choose a service's arguments by the instance's name, or by what `service` says", () => {
    const load = (services: string) => {
      const text = readFileSync(join(fixtures, "valid", "three-raspberry-pis", "Pulumi.home.yaml"), "utf8");
      return site(parse(text.replace("      metallb: {}", services)));
    };
    assert.equal(load("      longhorn: { replicas: 2 }"), true);
    assert.equal(load("      volumes: { service: longhorn, replicas: 2 }"), true);
    assert.equal(load("      longhorn: { service: metallb }"), true);
    assert.equal(load("      longhorn: { service: metallb, replicas: 2 }"), false);
    assert.equal(load("      volumes: { service: metallb, replicas: 2 }"), false);
    assert.equal(load("      volumes: { replicas: 2 }"), false);
    assert.equal(load("      offsite: { peer: cabin }"), true);
    assert.equal(load("      store: { service: offsite, peer: cabin }"), true);
    assert.equal(load("      store: { service: offsite, peer: cabin, bucket: a }"), false);
  });

  it("say what every key means", () => {
    for (const [path, content] of schemas) assert.deepEqual(undescribed(JSON.parse(content)), [], path);
  });
});
