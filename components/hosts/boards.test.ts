import assert from "node:assert/strict";
import { missingSizes, sizesOf } from "./boards.ts";

describe("the sizes of a machine", () => {
  it("are its board's", () => {
    assert.deepEqual(sizesOf({ board: "raspberry-pi-4-2gb" }), { architecture: "arm64", cores: 4, memory: "2Gi" });
    assert.deepEqual(sizesOf({ board: "raspberry-pi-5-16gb" }), { architecture: "arm64", cores: 4, memory: "16Gi" });
  });

  it("are what is stated beside the board", () => {
    assert.deepEqual(sizesOf({ board: "raspberry-pi-5-8gb", memory: "7Gi" }), {
      architecture: "arm64",
      cores: 4,
      memory: "7Gi",
    });
  });

  it("are known without a board only where each is stated", () => {
    assert.deepEqual(sizesOf({ architecture: "amd64", cores: 8, memory: "32Gi" }), {
      architecture: "amd64",
      cores: 8,
      memory: "32Gi",
    });
    assert.equal(sizesOf({ architecture: "amd64", cores: 8 }), undefined);
    assert.deepEqual(missingSizes({ architecture: "amd64", cores: 8 }), ["memory"]);
    assert.deepEqual(missingSizes({ memory: "8Gi" }), ["architecture", "cores"]);
    assert.deepEqual(missingSizes({ board: "raspberry-pi-400" }), []);
  });
});
