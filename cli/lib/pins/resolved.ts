import type { StatedDigest } from "@isthmus/core";
import type { Resolved } from "../registry/resolve.ts";
import type { UsedImage } from "./images.ts";

/** What came of asking for an image. */
export interface Outcome {
  readonly image: string;
  /** As it would stand in `imageDigests`; absent where the registry gave none that can be pinned. */
  readonly entry?: StatedDigest | undefined;
  /** What is wrong: with the image, or with its pin. */
  readonly problem?: string | undefined;
}

/** The fleet's nodes are of both. */
const wanted = ["linux/amd64", "linux/arm64"];

/** Compares what a registry says with the pin, and says what the pin would be. `today`: 2026-11-28. */
export function outcomeOf({ image, pin }: UsedImage, resolved: Resolved, today: string): Outcome {
  if ("problem" in resolved) return { image, problem: resolved.problem };
  const { digest, source, platforms } = resolved;
  const missing = wanted.filter((one) => !platforms.includes(one));
  if (missing.length > 0)
    return {
      image,
      problem:
        platforms.length === 0
          ? "its digest is that of one platform's image, and the fleet has amd64 and arm64"
          : `it is not there for ${missing.join(", ")}; there are ${platforms.join(", ")}`,
    };
  const hexadecimal = digest.replace(/^sha256:/, "");
  const entry: StatedDigest = {
    digest: hexadecimal,
    of: image,
    source,
    compared: { on: today, how: "asked of the registry by npm run pins, and the index that it gave has this digest" },
  };
  return pin === undefined || pin.digest === hexadecimal
    ? { image, entry }
    : { image, entry, problem: `its pin is ${pin.digest}, and the registry's tag has ${hexadecimal} by now` };
}

/** The list as it is, or with what registries said. */
export function pinsText(images: readonly UsedImage[]): string {
  return images
    .map(
      ({ image, by, pin }) =>
        `${image}\n    ${pin === undefined ? "not pinned" : `sha256:${pin.digest}`}, run by ${by.join(", ")}`,
    )
    .join("\n");
}

/** Entries for `imageDigests` of pins.ts, then what is wrong. */
export function outcomesText(outcomes: readonly Outcome[]): string {
  const entries = outcomes.flatMap(({ image, entry }) =>
    entry === undefined
      ? []
      : [`  ${JSON.stringify(image)}: ${JSON.stringify(entry, null, 2).replaceAll("\n", "\n  ")},`],
  );
  const problems = outcomes.flatMap(({ image, problem }) => (problem === undefined ? [] : [`${image}: ${problem}`]));
  return [...entries, ...problems].join("\n");
}
