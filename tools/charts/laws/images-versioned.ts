import { byOwner } from "../site.ts";
import type { Law } from "./law.ts";

/** A tag that names one version: digits and a dot, or a date, somewhere in it. */
const version = /(^|[^0-9])\d+([.-]\d+)+/;

export const imagesVersioned: Law = {
  id: "images-versioned",
  sentence: "Every image has a tag that is a version, or a digest.",
  fix: "Set the image's tag by the chart's value for it, from the chart's own release.",
  breaches: (site) =>
    byOwner(site).flatMap(({ release, facts }) =>
      facts.pods.flatMap(({ controller, name, containers }) =>
        containers
          .filter(({ image }) => !isVersioned(image))
          .map((container) => ({
            release,
            at: `${controller} ${name}: ${container.name}`,
            problem: `its image is ${container.image}`,
          })),
      ),
    ),
};

function isVersioned(image: string): boolean {
  if (/@sha256:[0-9a-f]{64}$/.test(image)) return true;
  const tag = /:([^:/]+)$/.exec(image)?.[1];
  return tag !== undefined && version.test(tag);
}
