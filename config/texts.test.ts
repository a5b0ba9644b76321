import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

type Schema = { readonly [key: string]: unknown };

/** Why any text is right there, or what looks at it, as JSON Schema cannot say. */
const anyText: Readonly<Record<string, string>> = {
  "fleet.name": "Pulumi's own",
  "fleet.description": "Pulumi's own",
  "fleet.config.isthmus:fleet.value.state.standsAt": "a place in words",
  "fleet.config.isthmus:fleet.value.state.copyAt": "a place in words",
  "fleet.config.isthmus:fleet.value.state.passphraseAt[]": "a place in words",
  "site.secretsprovider": "Pulumi's own",
  "site.encryptedkey": "Pulumi's own",
  "site.encryptionsalt": "Pulumi's own",
  "site.config.isthmus:secrets.*.secure": "encrypted by Pulumi",
  "site.config.isthmus:site.hosts.*.hostKey": "a public key: components/core/host-key.ts",
  "site.config.isthmus:site.hosts.*.api.acceptAnyCertificate.because": "a reason in words",
  "site.config.isthmus:site.proxmox.api.acceptAnyCertificate.because": "a reason in words",
  "site.config.isthmus:site.nodes.*.labels.*": "a label's value: components/core/labels.ts",
  "site.config.isthmus:site.nodes.*.taints[].value": "a taint's value: components/core/labels.ts",
  "site.config.isthmus:site.nodes.*.machine.hostKey": "a public key: components/core/host-key.ts",
  "site.config.isthmus:site.kubernetes.snapshots.schedule": "a schedule: components/k3s/settings/schedule.ts",
  "site.config.isthmus:site.kubernetes.registries.rewrites.*.<name>": "a regular expression, tried by its schema",
  "site.config.isthmus:site.kubernetes.registries.rewrites.*.*": "what takes the place of a match",
  "site.config.isthmus:site.kubernetes.registries.logins.*.username": "each registry has its own rules for names",
  "site.config.isthmus:site.pools.*": "a range or a network: config/pools.ts",
  "#longhorn.tolerations[].value": "a taint's value: components/core/labels.ts",
  "#offsite.place": "a place in words",
  "#cloudnative-pg.clusters.*.backup.none": "a reason in words",
};

/** Places in the stack files where a schema takes any text. */
function unshaped(schema: unknown, path: string): readonly string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const { type, enum: words, const: word, pattern, format, ...rest } = schema as Schema;
  const own = type === "string" && [words, word, pattern, format].every((one) => one === undefined) ? [path] : [];
  const named = (key: string, join: (name: string) => string): readonly string[] =>
    Object.entries(rest[key] ?? {}).flatMap(([name, below]) => unshaped(below, join(name)));
  return [
    ...own,
    ...named("properties", (name) => `${path}.${name}`),
    ...named("definitions", (name) => `#${name}`),
    ...unshaped(rest["propertyNames"], `${path}.<name>`),
    ...unshaped(rest["additionalProperties"], `${path}.*`),
    ...unshaped(rest["items"], `${path}[]`),
    ...["anyOf", "oneOf", "allOf"].flatMap((key) => named(key, () => path)),
  ];
}

describe("texts in stack files", () => {
  it("have a shape, or a reason why any text is right", () => {
    const found = ["fleet", "site"].flatMap((name) =>
      unshaped(JSON.parse(readFileSync(`schemas/${name}.json`, "utf8")), name),
    );
    assert.deepEqual([...new Set(found)].sort(), Object.keys(anyText).sort());
  });

  it("are found in every place that a schema has", () => {
    const text = { type: "string" };
    assert.deepEqual(
      unshaped(
        {
          properties: { a: text, b: { items: { anyOf: [text, { type: "string", pattern: "x" }] } } },
          additionalProperties: text,
          propertyNames: text,
          definitions: { d: { properties: { e: text } } },
        },
        "f",
      ),
      ["f.a", "f.b[]", "#d.e", "f.<name>", "f.*"],
    );
  });
});
