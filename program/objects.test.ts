import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { kubernetesObject } from "./objects.ts";

describe("a Kubernetes Secret of ours", function () {
  this.timeout(30_000);

  it("has data, which can be taken out again, without whitespace around: Longhorn refuses a certificate's last newline in AWS_CERT", async () => {
    const inputs = new Map<string, Readonly<Record<string, unknown>>>();
    await pulumi.runtime.setMocks(
      {
        newResource: ({ name, inputs: given }) => {
          inputs.set(name, given as Readonly<Record<string, unknown>>);
          return { id: name, state: given as object };
        },
        call: ({ token }) => {
          throw new Error(`unexpected call of ${token}`);
        },
      },
      "isthmus",
      "site-a",
      false,
    );
    const pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    const stringData = {
      AWS_CERT: pulumi.secret(pem),
      AWS_SECRET_ACCESS_KEY: pulumi.output(" key\r\n"),
      PLAIN: "as it is",
    };
    const manifest = { apiVersion: "v1", kind: "Secret", metadata: { name: "credentials" }, stringData };
    kubernetesObject("credentials", manifest, {});
    kubernetesObject("without", { apiVersion: "v1", kind: "Secret", metadata: { name: "without" } }, {});
    const settings = { "app.conf": "line\n" };
    kubernetesObject(
      "settings",
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings" }, data: settings },
      {},
    );
    await pulumi.runtime.disconnect();
    const revealed = (value: unknown): unknown => (value as { value?: unknown }).value ?? value;
    assert.equal(inputs.get("credentials")?.["stringData"], undefined);
    const given = revealed(inputs.get("credentials")?.["data"]) as Readonly<Record<string, unknown>>;
    const read = (value: unknown): string => Buffer.from(String(revealed(value)), "base64").toString();
    assert.deepEqual(Object.fromEntries(Object.entries(given).map(([key, value]) => [key, read(value)])), {
      AWS_CERT: pem.trim(),
      AWS_SECRET_ACCESS_KEY: "key",
      PLAIN: "as it is",
    });
    assert.equal(inputs.get("without")?.["data"], undefined);
    for (const [name, { metadata }] of inputs) {
      const annotations = { "pulumi.com/patchFieldManager": "isthmus" };
      assert.deepEqual(metadata, { name, annotations }, "every run writes it under the same name");
    }
    assert.deepEqual(inputs.get("settings")?.["data"], settings, "a file may end as it wants");
  });
});
