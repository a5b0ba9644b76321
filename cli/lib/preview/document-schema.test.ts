import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { Ajv2020 } from "ajv/dist/2020.js";
import { undescribed } from "../../../tests/kits/schemas/undescribed.ts";

const run = promisify(execFile);

describe("the document of npm run preview -- --json", () => {
  const schema = JSON.parse(readFileSync("schemas/preview.json", "utf8")) as object;
  const accepts = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema);
  let document: { sites: Record<string, { availability: { during: string }[]; resources: unknown[] }> };

  before(async function () {
    this.timeout(60_000);
    const { stdout } = await run("node", ["cli/isthmus.js", "preview", "--json"], {
      maxBuffer: 2 ** 26,
    });
    document = JSON.parse(stdout) as typeof document;
  });

  it("is what its schema says", () => {
    assert.ok(accepts(document), JSON.stringify(accepts.errors, null, 2));
    assert.deepEqual(Object.keys(document.sites), ["site-a", "site-b"]);
  });

  it("says what every property means", () => {
    assert.deepEqual(undescribed(schema), []);
    assert.deepEqual(undescribed({ properties: { a: { items: { properties: { b: {} } } } } }), ["/a", "/a/b"]);
  });

  it("is refused with an unknown state, or without a site's resources", () => {
    const spoilt = structuredClone(document);
    const [assessment] = spoilt.sites["site-a"]?.availability ?? [];
    assert.ok(assessment !== undefined);
    assessment.during = "fine";
    assert.equal(accepts(spoilt), false);
    assert.match(JSON.stringify(accepts.errors), /during/);
    assert.equal(accepts({ ...document, sites: { "site-a": {} } }), false);
  });
});
