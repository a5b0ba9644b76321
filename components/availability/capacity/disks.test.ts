import assert from "node:assert/strict";
import fc from "fast-check";
import type { Bytes, StorageClassFacts } from "@isthmus/core";
import { disksBudget } from "./disks.ts";
import * as sample from "../testing.ts";

const replicated: StorageClassFacts = {
  name: "copies",
  copies: 3,
  apartByHost: true,
  follows: "nothing",
  path: "/var/lib/longhorn",
  tolerations: [],
  reservedPercent: 30,
  overProvisioningPercent: 100,
};
const local: StorageClassFacts = { ...replicated, name: "one", copies: 1, apartByHost: false, follows: "pod" };

const siteOf = (sizes: readonly (Bytes | undefined)[]) =>
  sample.site(
    "a",
    sizes.map((size, index) =>
      sample.node(`n${index}`, "a", {
        ...(size && { disks: [{ mountPath: "/var/lib/longhorn", size, from: "Pulumi.a.yaml#/nodes" as const }] }),
      }),
    ),
  );
const volume = (name: string, storageClass: string, over: { size: Bytes; members?: number; volumes?: number }) =>
  sample.service(
    `a/${name}`,
    sample.workload({
      members: { perSite: { a: over.members ?? 1 } },
      runsOn: sample.apartOver("node"),
      stores: { ...sample.longhorn, storageClass, size: over.size, volumes: over.volumes },
    }),
  );
const budgetOf = (
  sizes: readonly (Bytes | undefined)[],
  services: ReturnType<typeof volume>[],
  classes = [replicated, local],
) =>
  disksBudget({ sites: [siteOf(sizes)] }, [
    { ...sample.service("a/longhorn", []), storageClasses: classes },
    ...services,
  ]);

/**
 * By hand from IsSchedulableToDisk: scheduled + size <= (maximum - reserved) * over-provisioning / 100, less 2 % for ext4.
 * https://github.com/longhorn/longhorn-manager/blob/v1.12.1/scheduler/replica_scheduler.go
 */
describe("the budget of disks", () => {
  it("promises of a disk what Longhorn does", () => {
    const promised = (size: Bytes, reservedPercent: number, overProvisioningPercent: number) => {
      const one = { ...local, reservedPercent, overProvisioningPercent };
      const { disks } = budgetOf([size], [volume("db", "one", { size: "1Gi" })], [one]);
      return disks[0]?.forVolumes;
    };
    assert.equal(promised("500Gi", 30, 100), 343 * 1024);
    assert.equal(promised("100Gi", 0, 100), 98 * 1024);
    assert.equal(promised("100Gi", 50, 200), 98 * 1024);
    assert.equal(promised("1000Gi", 25, 150), 1102.5 * 1024);
  });

  it("puts a volume on the disk of its class's folder alone, and of two classes on one disk the more careful decides", () => {
    const folders = { ...local, name: "folders", path: "/srv/folders", reservedPercent: 50 };
    const services = [volume("big", "folders", { size: "60Gi" })];
    // The data disk of 500 GiB has room, and is no place for it; nothing is stated of the one that is.
    const { sites } = budgetOf(["500Gi"], services, [local, folders]);
    assert.deepEqual(sites[0]?.notStated, ["n0"]);
    const disks = [
      { mountPath: "/", size: "100Gi", from: "Pulumi.a.yaml#/nodes" },
      { mountPath: "/var/lib/longhorn", size: "500Gi", from: "Pulumi.a.yaml#/nodes" },
    ] as const;
    const both = (more: readonly ReturnType<typeof volume>[], classes: readonly StorageClassFacts[]) =>
      disksBudget({ sites: [sample.site("a", [sample.node("n0", "a", { disks })])] }, [
        { ...sample.service("a/longhorn", []), storageClasses: classes },
        ...services,
        ...more,
      ]);
    const apart = both([volume("db", "one", { size: "1Gi" })], [local, folders]);
    assert.equal(apart.disks.find(({ mountPath }) => mountPath === "/")?.forVolumes, 49 * 1024);
    assert.deepEqual(
      apart.sites[0]?.unplaced.map(({ service }) => service),
      ["a/big"],
    );
    const beside = { ...local, name: "beside", path: "/srv/beside", reservedPercent: 10 };
    for (const classes of [
      [beside, folders],
      [folders, beside],
    ])
      assert.equal(both([volume("x", "beside", { size: "1Gi" })], classes).disks[0]?.forVolumes, 49 * 1024);
  });

  it("counts each copy on a node of its own, and one copy where its pod is", () => {
    const services = [
      volume("store", "one", { size: "100Gi", members: 3, volumes: 2 }),
      volume("db", "copies", { size: "20Gi", members: 3 }),
    ];
    const { disks, sites } = budgetOf(["500Gi", "500Gi", "500Gi"], services);
    assert.deepEqual(
      disks.map(({ asked }) => asked / 1024),
      [260, 260, 260],
    );
    assert.deepEqual(sites[0]?.unplaced, []);
  });

  it("tells what finds no room: the claims of the first default stacks", () => {
    const services = [
      volume("minio", "copies", { size: "100Gi", members: 3, volumes: 2 }),
      volume("db", "copies", { size: "20Gi", members: 3 }),
    ];
    const { sites } = budgetOf(["500Gi", "500Gi", "500Gi"], services);
    // 6 drives of three copies; each disk takes three of 100 GiB, and 40 of the 60 GiB of databases.
    assert.deepEqual(
      sites[0]?.unplaced.map(({ service, copies, because }) => [service, copies, because]),
      [
        ["a/minio", 9, "no room"],
        ["a/db", 3, "no room"],
      ],
    );
  });

  it("says that it knows nothing where a disk is not stated", () => {
    const { disks, sites } = budgetOf(["500Gi", undefined, "1Gi"], [volume("db", "copies", { size: "20Gi" })]);
    assert.deepEqual([disks, sites[0]?.notStated, sites[0]?.unplaced], [[], ["n1"], []]);
  });

  it("asks whether lost copies find room elsewhere when a host is lost", () => {
    const after = (sizes: readonly Bytes[]) =>
      budgetOf(sizes, [volume("db", "copies", { size: "60Gi" })]).sites[0]?.afterLossOf.map(({ unplaced }) =>
        unplaced.map(({ copies, because }) => `${copies} ${because}`),
      );
    assert.deepEqual(
      after(["100Gi", "100Gi", "100Gi"]),
      [1, 1, 1].map(() => ["1 no node may have it"]),
    );
    assert.deepEqual(after(["100Gi", "100Gi", "100Gi", "100Gi"]), [[], [], [], []]);
    assert.deepEqual(after(["100Gi", "100Gi", "100Gi", "50Gi"]), [["1 no room"], ["1 no room"], ["1 no room"], []]);
  });

  it("never says that it fits what no arrangement fits", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 });
    const volumes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(sizes, volumes, fc.integer({ min: 1, max: 2 }), (disks, wanted, copies) => {
        // Nothing reserved; a fiftieth more than whole GiB, for the file system.
        const exact = { ...replicated, copies, reservedPercent: 0, overProvisioningPercent: 103 };
        const services = wanted.map((size, index) => volume(`v${index}`, "copies", { size: `${size}Gi` }));
        const { sites } = budgetOf(
          disks.map((size): Bytes => `${size}Gi`),
          services,
          [exact],
        );
        if (sites[0]?.unplaced.length === 0)
          assert.ok(
            canBePlaced(
              disks.map((size) => size * 0.98 * 1.03),
              wanted,
              copies,
            ),
          );
      }),
    );
  });
});

/** Every arrangement is tried. */
function canBePlaced(room: readonly number[], [first, ...rest]: readonly number[], copies: number): boolean {
  if (first === undefined) return true;
  const subsets = Array.from({ length: 2 ** room.length }, (_, bits) =>
    room.map((_, disk) => (bits >> disk) % 2 === 1),
  );
  return subsets
    .filter((subset) => subset.filter(Boolean).length === copies)
    .some((subset) => {
      const left = room.map((size, disk) => (subset[disk] ? size - first : size));
      return left.every((size) => size >= 0) && canBePlaced(left, rest, copies);
    });
}
