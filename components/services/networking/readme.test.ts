import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { certManager, metallb, traefik } from "./index.ts";

describe("README of @isthmus/networking", () => {
  it("has an example of every service, and each is accepted", () => {
    const text = readFileSync(new URL("README.md", import.meta.url), "utf8");
    const example = parse(/```yaml\n([^`]*)```/.exec(text)?.[1] ?? "") as Record<string, Record<string, unknown>>;
    const services = [certManager, metallb, traefik];
    const shown = Object.entries(example).map(([instance, { service: name = instance, ...args }]) => {
      const service = services.find((candidate) => candidate.name === name);
      assert.doesNotThrow(() => service?.schema.parse(args), instance);
      return service;
    });
    assert.deepEqual(new Set(shown), new Set(services));
  });
});
