import assert from "node:assert/strict";
import { localPathClass, roomForSnapshot } from "./root-disk.ts";

describe("a root disk", () => {
  it("has room for snapshots as large as what is left of 85 %, beside etcd's 2 GiB, shared by all that are kept", () => {
    // 40 GiB: 34 GiB, less 2 GiB are 32,768 MiB.
    assert.equal(roomForSnapshot("40Gi", 28), Math.floor(32_768 / 28));
    assert.equal(roomForSnapshot("40Gi", 17), Math.floor(32_768 / 17));
    assert.equal(roomForSnapshot("2Gi", 5), 0);
  });

  it("says nothing where each may be as large as etcd can be", () => {
    assert.equal(roomForSnapshot("40Gi", 16), undefined);
    assert.equal(roomForSnapshot("100Gi", 5), undefined);
  });

  it("holds local-path's folders on tainted nodes, too", () => {
    const taint = { key: "only", effect: "NoSchedule" } as const;
    const node = { taints: [taint] } as unknown as Parameters<typeof localPathClass>[0]["nodes"][number];
    assert.deepEqual(localPathClass({ name: "a", hosts: [], nodes: [node] }).tolerations, [taint]);
  });
});
