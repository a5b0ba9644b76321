import assert from "node:assert/strict";
import type { Json, KubernetesObject } from "../kubernetes.ts";
import { ObjectChecker } from "./checker.ts";

const text = { type: "string" };
const spec = {
  type: "object",
  required: ["size"],
  properties: {
    size: { type: "integer", format: "int32", minimum: 1 },
    mode: { type: "string", enum: ["One", "All"], default: "One" },
    network: { type: "string", format: "cidr" },
    every: { type: "string", format: "duration" },
    port: { "x-kubernetes-int-or-string": true },
    free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
    "keep-of": text,
    names: { type: "array", items: text, "x-kubernetes-list-type": "set" },
    parts: {
      type: "array",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
      items: { type: "object", properties: { name: text, value: text } },
    },
    odd: { ...text, "x-kubernetes-validations": [{ rule: "quantity(self).isGreaterThan(quantity('0'))" }] },
  },
  "x-kubernetes-validations": [
    { rule: "self.mode != 'All' || self.size > 1", message: "all of one are none" },
    { rule: "!has(self.__keep__dash__of__) || true" },
    { rule: "!has(self.keep__dash__of) || self.keep__dash__of.startsWith('a')" },
    { rule: "self.size >= oldSelf.size" },
  ],
};
const crd: Json = {
  spec: {
    scope: "Namespaced",
    versions: [
      { name: "v1", served: true, schema: { openAPIV3Schema: { type: "object", properties: { spec } } } },
      { name: "v1alpha1", served: false, schema: { openAPIV3Schema: { type: "object" } } },
    ],
  },
};
const definitions = {
  "io.k8s.api.core.v1.Secret": {
    type: "object",
    properties: {
      apiVersion: text,
      kind: text,
      metadata: { type: "object" },
      data: { type: "object", additionalProperties: { type: "string", format: "byte" } },
    },
    "x-kubernetes-group-version-kind": [{ group: "", kind: "Secret", version: "v1" }],
  },
};
const checker = new ObjectChecker({
  definitions,
  crd: (group, kind) => (group === "example.com" && kind === "Thing" ? crd : undefined),
});

const thing = (more: Json, metadata: Json = {}): KubernetesObject => ({
  apiVersion: "example.com/v1",
  kind: "Thing",
  metadata: { name: "a", namespace: "b", ...metadata },
  spec: { size: 1, ...more },
});
const problems = (more: Json, metadata: Json = {}): readonly string[] => checker.problems(thing(more, metadata));

describe("what a schema refuses", () => {
  it("is nothing of what fits, with nothing said for null, and unknown fields where they are kept", () => {
    const fits = { size: 2, mode: null, network: "10.0.0.0/8", every: "1h30m", port: "http", free: { a: { b: 1 } } };
    assert.deepEqual(problems({ ...fits, names: ["a", "b"], parts: [{ name: "a" }, { name: "b" }] }), []);
    assert.deepEqual(problems({}, { name: `${"a".repeat(70)}.b` }), [], "parts of a name may be longer than a host's");
    assert.deepEqual(problems({ every: "2 weeks", port: 80, "keep-of": "ab" }), []);
  });

  const faults: readonly [string, Json, readonly string[]][] = [
    ["a field that is none", { sise: 1 }, ["Thing a: spec.sise: there is no such field; the nearest is size"]],
    [
      "a value of none of the words",
      { mode: "Two" },
      ['Thing a: spec.mode: "Two" must be equal to one of the allowed values: One, All'],
    ],
    [
      "a number that is too large for 32 bits",
      { size: 2 ** 31 },
      ['Thing a: spec.size: 2147483648 must match format "int32"'],
    ],
    [
      "a network without its length",
      { network: "10.0.0.0" },
      ['Thing a: spec.network: "10.0.0.0" must match format "cidr"'],
    ],
    [
      "an address that is none",
      { network: "10.0.0.256/8" },
      ['Thing a: spec.network: "10.0.0.256/8" must match format "cidr"'],
    ],
    ["a duration in words", { every: "soon" }, ['Thing a: spec.every: "soon" must match format "duration"']],
    [
      "a broken rule, after defaults",
      { mode: "All" },
      [`Thing a: spec: {"size":1,"mode":"All"} breaks its rule: all of one are none`],
    ],
    [
      "a broken rule on a field that CEL cannot write",
      { "keep-of": "b" },
      [
        `Thing a: spec: {"size":1,"keep-of":"b","mode":"One"} breaks its rule: !has(self.keep__dash__of) || self.keep__dash__of.startsWith('a')`,
      ],
    ],
    ["a name that is there twice in a set", { names: ["a", "a"] }, ['Thing a: spec.names: "a" is there twice']],
    [
      "a key that is there twice",
      { parts: [{ name: "a" }, { name: "a", value: "b" }] },
      ['Thing a: spec.parts: ["a"] is there twice'],
    ],
  ];
  for (const [what, more, expected] of faults) {
    it(`is told: ${what}`, () => {
      assert.deepEqual(problems(more), expected);
    });
  }

  it("is told where a rule cannot be judged: it is not passed over", () => {
    assert.match(problems({ odd: "1Gi" }).join(), /^Thing a: spec\.odd: its rule .*quantity.* cannot be judged here/);
  });

  it("is told of names, namespaces and labels", () => {
    assert.match(problems({}, { name: "A_b" }).join(), /metadata\.name: "A_b" is not a name/);
    assert.match(problems({}, { namespace: undefined }).join(), /it has to be in a namespace/);
    assert.match(problems({}, { labels: { "a/b/c": "d" } }).join(), /metadata\.labels: "a\/b\/c" is not a key/);
    assert.match(problems({}, { labels: { a: "x".repeat(64) } }).join(), /metadata\.labels\.a: "x+" is not a value/);
    assert.deepEqual(problems({}, { labels: { "example.com/a": "", b: "1.2_3" } }), []);
  });

  it("is told of kinds that nobody defines, and of versions that are not served", () => {
    assert.deepEqual(checker.problems({ ...thing({}), apiVersion: "example.com/v1alpha1" }), [
      "Thing a: no schema of example.com/v1alpha1 Thing is at hand",
    ]);
  });

  it("is told of kinds of Kubernetes itself", () => {
    const secret = (data: Json) =>
      checker.problems({ apiVersion: "v1", kind: "Secret", metadata: { name: "a" }, data });
    assert.deepEqual(secret({ a: "YQ==" }), []);
    assert.deepEqual(secret({ a: "plain text" }), ['Secret a: data.a: "plain text" must match format "byte"']);
  });
});
