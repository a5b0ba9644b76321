import assert from "node:assert/strict";
import { Ajv } from "ajv";
import { evaluate } from "./evaluate.ts";
import { deployment, release, spoiled, stackWith } from "./fixtures/resources.ts";
import { toSarif, toText, type Locate } from "./report.ts";

const latest = spoiled(deployment, ["props", "spec", "template", "spec", "containers", 0, "image"], "nginx");
const locate: Locate = (from) =>
  from === "Pulumi.site-a.yaml#/services/shop" ? { file: "Pulumi.site-a.yaml", line: 42 } : undefined;

/** What SARIF 2.1.0 requires of what we write (sections 3.13, 3.14, 3.18, 3.19, 3.27, 3.28, 3.29, 3.30, 3.33, 3.49). */
const essence = {
  type: "object",
  required: ["version", "runs"],
  properties: {
    $schema: { type: "string", pattern: "^https://" },
    version: { const: "2.1.0" },
    runs: { type: "array", minItems: 1, items: { $ref: "#/$defs/run" } },
  },
  additionalProperties: false,
  $defs: {
    message: {
      type: "object",
      required: ["text"],
      properties: { text: { type: "string", minLength: 1 } },
      additionalProperties: false,
    },
    level: { enum: ["none", "note", "warning", "error"] },
    run: {
      type: "object",
      required: ["tool", "results"],
      properties: {
        tool: {
          type: "object",
          required: ["driver"],
          properties: { driver: { $ref: "#/$defs/driver" } },
          additionalProperties: false,
        },
        results: { type: "array", items: { $ref: "#/$defs/result" } },
      },
      additionalProperties: false,
    },
    driver: {
      type: "object",
      required: ["name", "rules"],
      properties: {
        name: { type: "string" },
        rules: { type: "array", uniqueItems: true, items: { $ref: "#/$defs/rule" } },
      },
      additionalProperties: false,
    },
    rule: {
      type: "object",
      required: ["id", "shortDescription", "help"],
      properties: {
        id: { type: "string" },
        shortDescription: { $ref: "#/$defs/message" },
        help: { $ref: "#/$defs/message" },
        helpUri: { type: "string", pattern: "^https://" },
        defaultConfiguration: {
          type: "object",
          properties: { enabled: { type: "boolean" }, level: { $ref: "#/$defs/level" } },
          additionalProperties: false,
        },
        properties: { type: "object" },
      },
      additionalProperties: false,
    },
    result: {
      type: "object",
      required: ["ruleId", "ruleIndex", "level", "message", "locations"],
      properties: {
        ruleId: { type: "string" },
        ruleIndex: { type: "integer", minimum: 0 },
        level: { $ref: "#/$defs/level" },
        message: { $ref: "#/$defs/message" },
        locations: { type: "array", items: { $ref: "#/$defs/location" } },
        partialFingerprints: { type: "object", additionalProperties: { type: "string" } },
      },
      additionalProperties: false,
    },
    location: {
      type: "object",
      properties: {
        physicalLocation: {
          type: "object",
          required: ["artifactLocation"],
          properties: {
            artifactLocation: {
              type: "object",
              required: ["uri"],
              properties: { uri: { type: "string", pattern: "^[^/\\\\: ]" } },
            },
            region: {
              type: "object",
              required: ["startLine"],
              properties: { startLine: { type: "integer", minimum: 1 } },
            },
          },
          additionalProperties: false,
        },
        logicalLocations: {
          type: "array",
          items: {
            type: "object",
            properties: { fullyQualifiedName: { type: "string" }, kind: { type: "string" } },
            additionalProperties: false,
          },
        },
      },
      additionalProperties: false,
    },
  },
};

describe("reports", () => {
  const evaluation = evaluate(stackWith(latest));
  const message =
    'Deployment web/web: spec.template.spec.containers[0].image uses nginx without a tag or a digest, which means "latest"';

  it("as text name file, line, path, rule and fix, then what each rule came to", () => {
    const lines = toText(evaluation, locate).split("\n");
    assert.deepEqual(lines.slice(0, 2), [
      `Pulumi.site-a.yaml:42: services.shop: error: ${message} [no-latest-image]`,
      "    Name the version that is meant, by a tag or a digest.",
    ]);
    assert.deepEqual(lines.slice(2), [
      "etcd-on-distinct-hosts     1 passed",
      "no-latest-image            3 passed, 1 failed, 3 not applicable",
      "no-secret-in-chart-values  1 passed",
      "public-route-protected     1 passed, 1 not applicable",
      "stored-data-backed-up      2 passed",
    ]);
  });

  it("as text say what has no line, what is advice, what is decided by the chart and what is off", () => {
    const config = { all: "disabled", "no-latest-image": "advisory" };
    const some = evaluate([{ ...latest, parent: undefined }, spoiled(release, ["props", "values"], {})], { config });
    assert.equal(toSarif(some, () => undefined).runs[0].results[0]?.level, "warning");
    const text = toText(some, () => undefined);
    assert.ok(text.startsWith(`${latest.urn}: warning: ${message} [no-latest-image]\n`), text);
    assert.match(text, /^no-latest-image +1 passed, 1 failed, 1 decided by the chart$/m);
    assert.match(text, /^stored-data-backed-up +disabled$/m);
    const lost = toText(evaluation, () => undefined);
    assert.ok(lost.startsWith("Pulumi.site-a.yaml#/services/shop: error: "), lost);
  });

  it("as SARIF keep to the standard, with file and line", () => {
    const log = toSarif(evaluation, locate);
    const validate = new Ajv({ strict: true, allowUnionTypes: true }).compile(essence);
    assert.ok(validate(log), JSON.stringify(validate.errors));
    const [run] = log.runs;
    const [result] = run.results;
    assert.equal(result && run.tool.driver.rules[result.ruleIndex]?.id, "no-latest-image");
    assert.deepEqual(result?.locations[0]?.physicalLocation, {
      artifactLocation: { uri: "Pulumi.site-a.yaml" },
      region: { startLine: 42 },
    });
    assert.equal(result.level, "error");
    assert.equal(result.message.text, `${message}. Name the version that is meant, by a tag or a digest.`);
  });

  it("as SARIF leave the line out where there is none, and keep fingerprints from run to run", () => {
    const [result] = toSarif(evaluation, () => undefined).runs[0].results;
    assert.deepEqual(result?.locations, [{ logicalLocations: [{ fullyQualifiedName: latest.urn, kind: "resource" }] }]);
    const [again] = toSarif(evaluate(stackWith(latest)), locate).runs[0].results;
    assert.deepEqual(again?.partialFingerprints, result.partialFingerprints);
  });
});
