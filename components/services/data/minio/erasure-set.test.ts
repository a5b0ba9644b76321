import assert from "node:assert/strict";
import fc from "fast-check";
import { quorumOf, usualParity } from "./erasure-set.ts";

describe("erasure set", () => {
  it("reads with two of four drives under EC:2, and writes with three", () => {
    assert.deepEqual(quorumOf({ members: 4, drivesPerMember: 1, parity: 2 }), {
      readDrives: 2,
      writeDrives: 3,
      readMembers: 2,
      writeMembers: 3,
    });
  });

  it("counts members by the drives that go with each", () => {
    const { readMembers, writeMembers } = quorumOf({ members: 3, drivesPerMember: 4, parity: 4 });
    assert.deepEqual({ readMembers, writeMembers }, { readMembers: 2, writeMembers: 2 });
    assert.equal(quorumOf({ members: 2, drivesPerMember: 2, parity: 2 }).writeMembers, 2);
  });

  const sets = fc
    .tuple(fc.integer({ min: 1, max: 16 }), fc.integer({ min: 1, max: 16 }))
    .filter(([members, drives]) => members * drives >= 4 && members * drives <= 16)
    .chain(([members, drivesPerMember]) =>
      fc
        .integer({ min: 1, max: Math.floor((members * drivesPerMember) / 2) })
        .map((parity) => ({ members, drivesPerMember, parity })),
    );

  it("never lets two parts of a set write at once", () => {
    fc.assert(
      fc.property(sets, (set) => {
        const { writeDrives, writeMembers } = quorumOf(set);
        assert.ok(2 * writeDrives > set.members * set.drivesPerMember);
        assert.ok(2 * writeMembers > set.members);
      }),
    );
  });

  it("has the drives that it needs wherever it says that it can read or write", () => {
    fc.assert(
      fc.property(sets, (set) => {
        const { readDrives, writeDrives, readMembers, writeMembers } = quorumOf(set);
        assert.ok(readMembers * set.drivesPerMember >= readDrives);
        assert.ok(writeMembers * set.drivesPerMember >= writeDrives);
        assert.ok(writeMembers <= set.members && readMembers <= writeMembers);
      }),
    );
  });

  it("chooses the parity that MinIO chooses", () => {
    assert.deepEqual([2, 4, 5, 6, 7, 8, 16].map(usualParity), [1, 2, 2, 3, 3, 4, 4]);
  });
});
