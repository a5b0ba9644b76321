import assert from "node:assert/strict";
import { shapes } from "@isthmus/core";
import { z } from "zod";
import { check, nearestName } from "./findings.ts";

const at = "Pulumi.home.yaml#/here";
const told = (schema: z.ZodType, value: unknown) => {
  const checked = check(schema, value, at);
  return "findings" in checked ? checked.findings.map((each) => [each.rule, each.at, each.problem, each.fix]) : [];
};

describe("findings of a schema", () => {
  it("give back the parsed value where nothing is wrong", () => {
    assert.deepEqual(check(z.strictObject({ a: z.int().default(3) }), {}, at), { value: { a: 3 } });
  });

  it("name the nearest known key, and all that are known", () => {
    const schema = z.strictObject({ memory: z.string().optional(), cores: z.int().optional() });
    assert.deepEqual(told(schema, { memry: "1Gi" }), [
      ["unknown-key", `${at}/memry`, '"memry" is not known here', "did you mean memory? Known: memory, cores"],
    ]);
  });

  it("suggest nothing where no key is like it", () => {
    assert.deepEqual(told(z.strictObject({ memory: z.string().optional() }), { wallpaper: 1 }), [
      ["unknown-key", `${at}/wallpaper`, '"wallpaper" is not known here', "remove it. Known: memory"],
    ]);
  });

  it("tell a slip in a required key once", () => {
    const schema = z.strictObject({ gateway: shapes.address, cidr: z.string() });
    assert.deepEqual(
      told(schema, { gatway: "10.0.20.1" }).map(([rule, where]) => [rule, where]),
      [
        ["missing", `${at}/cidr`],
        ["unknown-key", `${at}/gatway`],
      ],
    );
  });

  it("say what a missing key means", () => {
    assert.deepEqual(told(z.strictObject({ cores: z.int().describe("CPU cores.") }), {}), [
      ["missing", `${at}/cores`, "cores is missing", "write a number (CPU cores.)"],
    ]);
  });

  it("say of a choice that is missing what each option consists of", () => {
    const reach = z.union([z.strictObject({ network: z.string(), port: z.int() }), z.literal("none"), z.string()]);
    assert.deepEqual(told(z.strictObject({ reach: reach.describe("Where it is reached.") }), {}), [
      [
        "missing",
        `${at}/reach`,
        "reach is missing",
        "write { network, port } or a value of type literal or a text (Where it is reached.)",
      ],
    ]);
  });

  it("say for a choice what the option lacks that it is most like", () => {
    const schema = z.strictObject({
      store: z.union([z.strictObject({ peer: z.string() }), z.strictObject({ url: z.string(), bucket: z.string() })]),
    });
    assert.deepEqual(told(schema, { store: { url: "https://a", bukket: "b" } }), [
      ["unknown-key", `${at}/store/bukket`, '"bukket" is not known here', "did you mean bucket? Known: url, bucket"],
    ]);
    assert.deepEqual(told(schema, { store: 3 }), [
      ["schema", `${at}/store`, "3 does not fit", "write a map of keys and values"],
    ]);
  });

  it("name the kinds of a choice by kind", () => {
    const kinds = z.discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("vip") }),
      z.strictObject({ kind: z.literal("external") }),
    ]);
    assert.deepEqual(told(z.strictObject({ api: kinds }), { api: { kind: "vpi" } }), [
      ["schema", `${at}/api/kind`, '"vpi" does not fit', "write one of: vip, external"],
    ]);
  });

  it("quote the bad value, on one line and short", () => {
    assert.deepEqual(told(z.strictObject({ memory: shapes.bytes }), { memory: "8\nGB" }), [
      ["schema", `${at}/memory`, '"8\\nGB" does not fit', "write an amount such as 512Mi, 16Gi or 2Ti"],
    ]);
    const [[, , problem = ""] = []] = told(z.strictObject({ memory: shapes.bytes }), { memory: "x".repeat(1000) });
    assert.ok(problem.length < 110, problem);
  });

  it("do not repeat what stands in the place of a secret's name", () => {
    const [[, , problem = ""] = []] = told(z.strictObject({ key: shapes.secretName }), { key: "s3cr3t-with-hyphens" });
    assert.equal(problem, "what stands here is no name of a secret (it is not repeated)");
  });

  it("escape keys as JSON pointers do", () => {
    assert.deepEqual(
      told(z.strictObject({}), { "a/b~c": 1 }).map(([, where]) => where),
      [`${at}/a~1b~0c`],
    );
  });
});

describe("the nearest name", () => {
  it("is one that a slip of the pen leads to, or none", () => {
    assert.equal(nearestName("metalb", ["metallb", "minio"]), "metallb");
    assert.equal(nearestName("nginx", ["metallb", "cert-manager"]), undefined);
    assert.equal(nearestName("anything", []), undefined);
  });
});
