import type { Architecture, Bytes } from "@isthmus/core";

/** What a machine has, as far as planning needs it. */
export interface MachineSizes {
  readonly architecture: Architecture;
  readonly cores: number;
  readonly memory: Bytes;
}

const pi = (memory: Bytes): MachineSizes => ({ architecture: "arm64", cores: 4, memory });

/**
 * Boards that are sold in fixed sizes, with their nominal memory; all have four cores of 64 bits.
 * https://www.raspberrypi.com/documentation/computers/raspberry-pi.html (flagship and Compute Module series) and
 * https://www.raspberrypi.com/documentation/computers/processors.html (BCM2711, BCM2712).
 */
export const boards = {
  "raspberry-pi-4-2gb": pi("2Gi"),
  "raspberry-pi-4-4gb": pi("4Gi"),
  "raspberry-pi-4-8gb": pi("8Gi"),
  "raspberry-pi-400": pi("4Gi"),
  "raspberry-pi-cm4-2gb": pi("2Gi"),
  "raspberry-pi-cm4-4gb": pi("4Gi"),
  "raspberry-pi-cm4-8gb": pi("8Gi"),
  "raspberry-pi-5-2gb": pi("2Gi"),
  "raspberry-pi-5-4gb": pi("4Gi"),
  "raspberry-pi-5-8gb": pi("8Gi"),
  "raspberry-pi-5-16gb": pi("16Gi"),
} as const satisfies Readonly<Record<string, MachineSizes>>;

export type Board = keyof typeof boards;

export const boardNames = Object.keys(boards) as [Board, ...Board[]];

/** What a stack file says of a machine: its board, or each size; a size beside a board goes before the board's. */
export interface StatedSizes {
  readonly board?: Board | undefined;
  readonly architecture?: Architecture | undefined;
  readonly cores?: number | undefined;
  readonly memory?: Bytes | undefined;
}

const sizeKeys = ["architecture", "cores", "memory"] as const;

/** Sizes that neither the stack file nor the board states. */
export function missingSizes(stated: StatedSizes): readonly (typeof sizeKeys)[number][] {
  return stated.board === undefined ? sizeKeys.filter((key) => stated[key] === undefined) : [];
}

/** The sizes to plan with; absent where one is stated nowhere. */
export function sizesOf(stated: StatedSizes): MachineSizes | undefined {
  const known = stated.board === undefined ? undefined : boards[stated.board];
  const architecture = stated.architecture ?? known?.architecture;
  const cores = stated.cores ?? known?.cores;
  const memory = stated.memory ?? known?.memory;
  if (architecture === undefined || cores === undefined || memory === undefined) return undefined;
  return { architecture, cores, memory };
}
