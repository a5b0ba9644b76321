import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import fc from "fast-check";
import { z } from "zod";
import * as sdk from "@pulumi/policy";
import { unknownMark } from "@isthmus/core";
import { toPlain } from "./engine-values.ts";
import { compliant, release, resource, service, site, spoiled } from "./fixtures/resources.ts";
import { answersTo } from "./evaluate.ts";
import { firstUnknown } from "./walk.ts";
import type { PolicyResource, Props } from "./resource.ts";
import { rules } from "./rules.ts";
import { setUp } from "./setup.ts";
import { viewOf } from "./stack-view.ts";

/** The SDK exports it for tests like these; its types leave it out. */
const { unknownCheckingProxy } = sdk as unknown as { unknownCheckingProxy: (props: unknown) => unknown };

describe("rules", () => {
  it("are the files of the folder, each with its test", () => {
    const folder = join(import.meta.dirname, "rules");
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
    const sources = files.filter((file) => !file.endsWith(".test.ts"));
    assert.deepEqual(sources.map((file) => basename(file, ".ts")).sort(), rules.map(({ id }) => id).sort());
    for (const file of sources) assert.ok(existsSync(join(folder, file.replace(/\.ts$/, ".test.ts"))), file);
  });

  for (const rule of rules) {
    it(`${rule.id} says all that a person needs`, () => {
      assert.match(rule.id, /^[a-z]+(-[a-z]+)+$/);
      for (const text of [rule.summary, rule.fix]) assert.match(text, /^[A-Z].{30,}\.$/s);
      assert.ok(["low", "medium", "high", "critical"].includes(rule.severity));
      assert.ok(["advisory", "mandatory"].includes(rule.enforcement));
      assert.match(rule.docs, /^https:\/\/|^policy\/README\.md$/);
      const schema = z.toJSONSchema(rule.settings, { io: "input" });
      assert.equal(schema.additionalProperties, false);
      for (const [key, setting] of Object.entries(schema.properties ?? {})) {
        assert.ok(typeof setting === "object" && "default" in setting, `${key} has a default`);
        assert.match(setting.description ?? "", /\w{3}.*\.$/, `${key} has a description`);
      }
      assert.ok(rule.settings.safeParse({}).success);
    });

    it(`${rule.id} answers for each resource that it applies to, and for some of a compliant stack with pass`, () => {
      const answers = ask(compliant).filter((answer) => answer.rule === rule);
      const asked = compliant.filter((one) => rule.applies(one));
      assert.deepEqual(new Set(answers.map((answer) => answer.resource.urn)), new Set(asked.map((one) => one.urn)));
      assert.ok(answers.some((answer) => answer.outcome.kind === "pass"));
      assert.deepEqual(
        answers.filter((answer) => answer.outcome.kind === "fail"),
        [],
      );
    });
  }

  it("answer whatever a resource holds, and never throw", () => {
    const types = [...new Set(compliant.map((one) => one.type)), "kubernetes:networking.k8s.io/v1:Ingress"];
    const mixed = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        fc.constantFrom<unknown>(null, unknownMark, "", "latest", "a: b\nc: *d\n", 0, true),
        fc.string(),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(
          fc.constantFrom("image", "tag", "repository", "name", "value", "password", "enabled", "ingress"),
          tie("value"),
        ),
      ),
    })).value;
    const holes = compliant.flatMap((one) => pathsOf(one.props).map((path) => [one, path] as const));
    fc.assert(
      fc.property(
        fc.constantFrom(...types),
        fc.dictionary(fc.constantFrom("values", "spec", "metadata", "topology", "footprint"), mixed),
        (type, props) => {
          ask([resource(type, "x", props), ...compliant]);
        },
      ),
    );
    fc.assert(
      fc.property(fc.constantFrom(...holes), mixed, ([one, path], value) => {
        const changed = spoiled(one, ["props", ...path], value);
        ask(compliant.map((original) => (original === one ? changed : original)));
      }),
      { numRuns: 500 },
    );
  });

  it("take what the engine hands over, also where it does not know a value yet", () => {
    const path = ["props", "values", "image", "tag"];
    for (const whole of [site, service, release]) {
      assert.deepEqual(toPlain(unknownCheckingProxy(whole.props)), whole.props);
    }
    const shown = unknownCheckingProxy(spoiled(release, path, unknownMark).props) as Props;
    assert.throws(() => (shown["values"] as { image: { tag: unknown } }).image.tag, /can't be known during preview/);
    const kept = { ...release, props: toPlain(shown) as Props };
    assert.equal(firstUnknown("values", kept.props["values"]), "values.image.tag");
    const outcomes = ask([kept]).map((answer) => answer.outcome.kind);
    assert.ok(outcomes.includes("unknown"));
  });
});

function ask(resources: readonly PolicyResource[]) {
  const stack = viewOf(new Map(resources.map((one) => [one.urn, one])));
  return setUp().flatMap((setup) => resources.flatMap((one) => answersTo(setup, one, stack)));
}

/** Every place in nested data. */
function pathsOf(value: unknown): (string | number)[][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => {
    const at = Array.isArray(value) ? Number(key) : key;
    return [[at], ...pathsOf(item).map((path) => [at, ...path])];
  });
}
