import assert from "node:assert/strict";
import { z } from "zod";
import { k3sSettings } from "./schema.ts";
import { shortest } from "./six-nodes.ts";

const problems = (changes: Record<string, unknown>): string[] => {
  const result = k3sSettings.safeParse({ ...shortest, ...changes });
  return result.success ? [] : result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
};

describe("k3s settings", () => {
  it("have a secure default for everything that a user need not know", () => {
    const settings = k3sSettings.parse(shortest);
    assert.equal(settings.hardening.cis, true);
    assert.equal(settings.secretsEncryption, true);
    assert.equal(settings.snapshots.retention, 28);
    assert.deepEqual(settings.disable, ["servicelb", "traefik"]);
  });

  it("refuse an unknown key at any depth", () => {
    for (const changes of [{ verison: 1 }, { upgrade: { drian: true } }, { api: { ...shortest.api, vip: true } }]) {
      assert.match(problems(changes)[0] ?? "", /Unrecognized key/);
    }
  });

  it("refuse values that k3s would refuse later", () => {
    assert.deepEqual(problems({ version: "1.34.3" }), ["version: is no k3s version, as v1.34.3+k3s1"]);
    assert.match(problems({ checksums: { installer: "abc" } })[0] ?? "", /^checksums\.installer: is no SHA-256/);
    assert.match(problems({ clusterCidr: "10.42.0.0" })[0] ?? "", /^clusterCidr: /);
    assert.deepEqual(problems({ source: { url: "https://a.example", folder: "/srv" } }), [
      "source: has a url and a folder: choose one",
    ]);
    assert.match(
      problems({ api: { ...shortest.api, image: "ghcr.io/kube-vip/kube-vip:latest" } })[0] ?? "",
      /^api\.image: /,
    );
    assert.match(problems({ api: { ...shortest.api, image: "ghcr.io/kube-vip/kube-vip" } })[0] ?? "", /^api\.image: /);
    assert.deepEqual(problems({ api: { ...shortest.api, image: "r.example:5000/kube-vip:v1" } }), []);
  });

  it("tell an editor what every key means", () => {
    const missing: string[] = [];
    const walk = (node: Record<string, unknown>, path: string): void => {
      const properties = (node["properties"] ?? {}) as Record<string, Record<string, unknown>>;
      for (const [key, child] of Object.entries(properties)) {
        if (child["description"] === undefined) missing.push(`${path}.${key}`);
        walk(child, `${path}.${key}`);
      }
      for (const option of (node["oneOf"] ?? node["anyOf"] ?? []) as Record<string, unknown>[]) walk(option, path);
    };
    walk(z.toJSONSchema(k3sSettings, { io: "input" }), "k3s");
    assert.deepEqual(missing, []);
  });
});
