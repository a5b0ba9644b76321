import assert from "node:assert/strict";
import { z } from "zod";
import { k3sSettings } from "./schema.ts";
import { settingsProblems as problems, shortest } from "../testing.ts";

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
    assert.deepEqual(problems({ version: "1.34.3" }), ["version: is not a k3s version, such as v1.34.3+k3s1"]);
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

  it("refuse registries that k3s would read in part, or that give a password away", () => {
    const login = { username: "me", password: "registryPassword" };
    assert.deepEqual(problems({ registries: { rewrites: { "quay.io": { "^a": "b" } } } }), [
      "registries.rewrites.quay.io: has no mirror: names are rewritten for mirrors only",
    ]);
    const mirrors = { "docker.io": ["http://r.example:5000"] };
    assert.deepEqual(problems({ registries: { mirrors, logins: { "r.example:5000": login } } }), [
      "registries.mirrors.docker.io: sends the password for r.example:5000 unencrypted: use https",
    ]);
    assert.deepEqual(problems({ registries: { mirrors } }), []);
    for (const expression of ["(", "(?=a)", "(a)\\1"]) {
      const rewrites = { "docker.io": { [expression]: "b" } };
      assert.equal(problems({ registries: { mirrors, rewrites } }).length, 1, expression);
    }
    assert.equal(problems({ registries: { logins: { "*": login } } }).length, 1);
    assert.equal(problems({ registries: { logins: { "r.example": { ...login, password: "se cret" } } } }).length, 1);
    for (const endpoint of ["ftp://r.example", "no URL", "10.0.20.0/33"]) {
      assert.equal(problems({ registries: { mirrors: { "docker.io": [endpoint] } } }).length, 1, endpoint);
    }
  });

  it("refuse an authority that is no certificate, or that is for no mirror", () => {
    const key = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n";
    const certificate = key.replaceAll("PRIVATE KEY", "CERTIFICATE");
    assert.equal(problems({ source: { url: "https://a.example", ca: certificate + key } }).length, 1);
    assert.deepEqual(problems({ source: { url: "https://a.example", ca: certificate } }), []);
    assert.deepEqual(problems({ source: { folder: "/srv", ca: certificate } }), [
      "source: has a ca and no url that it is for",
    ]);
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
