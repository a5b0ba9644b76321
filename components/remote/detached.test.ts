import assert from "node:assert/strict";
import type { Output } from "@pulumi/pulumi";
import { CustomResource, runtime, secret, unsecret } from "@pulumi/pulumi";
import { detached } from "./detached.ts";

/** What the engine is told of an output when a resource has it as an input. */
const told = async (value: Output<string>): Promise<readonly string[]> => {
  const parts = value as unknown as { allResources(): Promise<ReadonlySet<{ __name?: string }>> };
  return [...(await parts.allResources())].map((one) => one.__name ?? "?");
};

describe("a detached output", () => {
  it("has the value, and is as secret, and names no resource that it came from", async () => {
    await runtime.setMocks({
      newResource: ({ name, inputs }) => ({ id: `${name}-id`, state: inputs as object }),
      call: ({ token }) => {
        throw new Error(`unexpected call of ${token}`);
      },
    });
    class Thing extends CustomResource {}
    const made = new Thing("a:b:C", "made", {});
    const value = secret(made.id);
    assert.deepEqual(await told(value), ["made"]);
    assert.deepEqual(await told(detached(value)), []);
    const parts = (one: Output<string>) => one as unknown as { isSecret: Promise<boolean>; promise(): Promise<string> };
    assert.equal(await parts(detached(value)).promise(), "made-id");
    assert.equal(await parts(detached(value)).isSecret, true);
    assert.equal(await parts(detached(unsecret(value))).isSecret, false);
    await runtime.disconnect();
  });
});
