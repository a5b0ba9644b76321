import { majorityOf } from "@isthmus/core";

/** A MinIO erasure set that all drives of all members form together. */
export interface ErasureSet {
  readonly members: number;
  readonly drivesPerMember: number;
  /** Drives of the set that may be lost without losing data. */
  readonly parity: number;
}

/** How many of a set's drives, and of its members, it takes to read and to write. */
export interface Quorum {
  readonly readDrives: number;
  readonly writeDrives: number;
  readonly readMembers: number;
  readonly writeMembers: number;
}

/** A single set holds at most this many drives; more would form several sets with a quorum each. */
export const maximumDrives = 16;

/** MinIO's own choice by the number of drives: https://min.io/docs/minio/linux/operations/concepts/erasure-coding.html */
export function usualParity(drives: number): number {
  if (drives < 4) return 1;
  if (drives < 6) return 2;
  return drives < 8 ? 3 : 4;
}

/**
 * Reading takes as many drives as an object has data parts. Writing takes as many, and always more than half of all, so
 * that two halves never both write; so does deleting. Locks take half of the members to read and more than half to write.
 */
export function quorumOf({ members, drivesPerMember, parity }: ErasureSet): Quorum {
  const drives = members * drivesPerMember;
  const data = drives - parity;
  const writeDrives = Math.max(data, majorityOf(drives));
  return {
    readDrives: data,
    writeDrives,
    readMembers: Math.max(Math.ceil(data / drivesPerMember), Math.ceil(members / 2)),
    writeMembers: Math.max(Math.ceil(writeDrives / drivesPerMember), majorityOf(members)),
  };
}
