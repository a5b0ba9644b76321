import assert from "node:assert/strict";
import type { Manifest, SourcePath } from "@isthmus/core";
import { inOrder } from "./services.ts";

const from: SourcePath = "Pulumi.site-a.yaml#/services/x";
const manifest: Manifest = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x" } };
const object = (id: string, ...after: string[]) => ({ id, manifest, after, from });
const release = (name: string, ...after: string[]) => ({
  name,
  namespace: "x",
  chart: { name, version: "1.0.0", repository: "https://example.com" },
  values: {},
  timeout: "5m" as const,
  after,
  from,
});

describe("items of a service", () => {
  it("come after what they name, releases and objects alike", () => {
    const plan = {
      instance: "x",
      releases: [release("app", "release/crds", "object/secret"), release("crds")],
      objects: [object("route", "release/app"), object("secret")],
    };
    assert.deepEqual(
      inOrder(plan).map((item) => item.id),
      ["release/crds", "object/secret", "release/app", "object/route"],
    );
  });

  it("that wait for one another, or for something that is not there, are a bug that is named", () => {
    const circle = { instance: "x", releases: [], objects: [object("a", "object/b"), object("b", "object/a")] };
    assert.throws(() => inOrder(circle), /x: object\/a, object\/b wait/);
    const nothing = { instance: "x", releases: [], objects: [object("a", "release/none")] };
    assert.throws(() => inOrder(nothing), /x: object\/a wait/);
  });
});
