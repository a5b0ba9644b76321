import assert from "node:assert/strict";
import { fromPeer, whenLinked, type Manifest, type SourcePath } from "@isthmus/core";
import type { Values } from "./resolve.ts";
import { inOrder, linkedFor } from "./services.ts";

const from: SourcePath = "Pulumi.site-a.yaml#/services/x";
const manifest: Manifest = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x" } };
const object = (id: string, ...after: string[]) => ({ id, manifest, after, from, holdsData: false });
const release = (name: string, ...after: string[]) => ({
  name,
  namespace: "x",
  chart: { name, version: "1.0.0", repository: "https://example.com" },
  values: {},
  timeout: "5m" as const,
  after,
  from,
  leftToChart: {},
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

describe("the sites that a service is linked to", () => {
  const needing = (data: unknown) => ({ objects: [{ ...object("x"), manifest: { ...manifest, data } }] });
  const values = (offered: Readonly<Record<string, string>>): Values => ({
    secret: () => "",
    generated: () => "",
    peer: (site, output) => offered[`${site} ${output}`],
  });
  const linked = new Set(["site-b", "site-c"]);

  it("are those that offer all that it cannot be without", () => {
    const plan = needing({ endpoint: fromPeer("site-b", "objectStore.endpoint") });
    const offering = { linked, values: values({ "site-b objectStore.endpoint": "https://10.0.0.1:9000" }) };
    assert.deepEqual([...linkedFor(plan, offering)], ["site-b", "site-c"]);
  });

  it("leave out one that was brought up before it offered that", () => {
    const plan = needing({ endpoint: fromPeer("site-b", "objectStore.endpoint") });
    assert.deepEqual([...linkedFor(plan, { linked, values: values({}) })], ["site-c"]);
  });

  it("keep one that lacks only what the service can do without", () => {
    const plan = needing({ ca: whenLinked("site-b", fromPeer("site-b", "secretStore.ca")) });
    assert.deepEqual([...linkedFor(plan, { linked, values: values({}) })], ["site-b", "site-c"]);
  });
});
