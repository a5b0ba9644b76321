import type { Breach } from "./law.ts";

/** Breaches of `Kind name: problem`, as objects are judged. */
export function breachesOf(release: string, texts: readonly string[]): Breach[] {
  return texts.map((text) => {
    const [, at = "objects", problem = text] = /^(\S+ \S+): (.*)$/s.exec(text) ?? [];
    return { release, at, problem };
  });
}
