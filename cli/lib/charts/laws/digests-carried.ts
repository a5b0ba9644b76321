import type { StatedDigest } from "@isthmus/core";
import { byOwner } from "../site.ts";
import type { Breach, Law } from "./law.ts";

/** The law of the digests that are pinned. */
export const digestsCarried = (pins: Readonly<Record<string, StatedDigest>>): Law => ({
  id: "digests-carried",
  sentence: "An image whose digest is pinned is run by that digest, and no image by a digest that is not pinned.",
  fix: "Put the digest behind the tag in the chart's value for it (v1.2.3@sha256:…), or take it out of imageDigests in pins.ts.",
  breaches: (site) =>
    byOwner(site).flatMap(({ release, facts }) =>
      facts.images.flatMap(({ image, in: at }): Breach[] => {
        const [tagged = "", digest] = image.split("@sha256:");
        const pinned = new Map(Object.entries(pins)).get(tagged)?.digest;
        if (digest === pinned) return [];
        const problem =
          digest === undefined
            ? `it runs ${image}, whose digest ${pinned ?? ""} is pinned`
            : `it runs ${tagged} by the digest ${digest}, and pins.ts has ${pinned ?? "none"}`;
        return [{ release, at, problem }];
      }),
    ),
});
