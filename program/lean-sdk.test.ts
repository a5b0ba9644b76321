import assert from "node:assert/strict";
import { execa } from "execa";

const inFreshProcess = (code: string) =>
  execa(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", code], {
    cwd: new URL("..", import.meta.url),
    reject: false,
  });

const prelude = `
  import { createRequire } from "node:module";
  import { leaveOutClosures } from "./program/lean-sdk.ts";
  leaveOutClosures();
  const pulumi = await import("@pulumi/pulumi");
`;

describe("the SDK without positions of resources", () => {
  it("has them until they are left out", async () => {
    const code = `
      import { leaveOutPositions } from "./program/lean-sdk.ts";
      const { Resource } = (await import("@pulumi/pulumi/resource.js")).default;
      const before = Resource.stackTrace(0).length;
      leaveOutPositions();
      console.log(before > 0, Resource.stackTrace(0).length)`;
    assert.deepEqual((await inFreshProcess(code)).stdout, "true 0");
  });
});

describe("the SDK without traces of its promises", () => {
  it("maps the trace of an error with a message, and of no other one", async () => {
    const code = `
      import { leaveOutTraces } from "./program/lean-sdk.ts";
      Error.prepareStackTrace = (error, sites) => "mapped " + sites.length;
      leaveOutTraces();
      console.log(new Error().stack === "", new Error("wrong").stack.startsWith("mapped "))`;
    assert.deepEqual((await inFreshProcess(code)).stdout, "true true");
  });
});

describe("the SDK without what serialises functions", () => {
  it("loads, and has all that a program uses", async () => {
    const { exitCode, stdout, stderr } = await inFreshProcess(
      `${prelude} console.log(typeof pulumi.ComponentResource)`,
    );
    assert.deepEqual([exitCode, stdout, stderr], [0, "function", ""]);
  });

  it("says what is left out when somebody hands over a function after all", async () => {
    const { exitCode, stderr } = await inFreshProcess(`${prelude} await pulumi.runtime.serializeFunction(() => 1)`);
    assert.notEqual(exitCode, 0);
    assert.match(stderr, /Isthmus leaves out typescript, and something in the program needs its \w+/);
  });
});
