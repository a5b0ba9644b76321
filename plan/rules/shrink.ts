import { formatMebibytes, readablePath, splitSourcePath, type SourcePath } from "@isthmus/core";

/** Something that takes room, and the keys that make it smaller. */
export interface Asked {
  readonly sizedBy: readonly SourcePath[];
  /** MiB. */
  readonly size: number;
}

/** How many of those that ask for the most are named. */
const named = 3;

/** `services.minio.size or drivesPerMember (600 GiB), …`: what asks for the most, by its keys. Empty where no key changes anything. */
export function whatToShrink(asked: readonly Asked[]): string {
  const byKeys = new Map<string, Asked>();
  for (const one of asked.filter(({ sizedBy }) => sizedBy.length > 0)) {
    const key = one.sizedBy.join(" ");
    byKeys.set(key, { ...one, size: one.size + (byKeys.get(key)?.size ?? 0) });
  }
  return [...byKeys.values()]
    .toSorted((a, b) => b.size - a.size)
    .slice(0, named)
    .map(({ sizedBy, size }) => `${keysAsText(sizedBy)} (${formatMebibytes(size)})`)
    .join(", ");
}

/** Keys beside one another, the first in full. */
export function keysAsText([first, ...others]: readonly SourcePath[]): string {
  if (first === undefined) return "";
  const parent = (path: SourcePath): string => readablePath(path).split(".").slice(0, -1).join(".");
  const short = (path: SourcePath): string =>
    parent(path) === parent(first) ? (splitSourcePath(path).keys.at(-1) ?? "") : readablePath(path);
  return [readablePath(first), ...others.map(short)].join(" or ");
}
