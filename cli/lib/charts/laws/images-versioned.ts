import { byOwner } from "../site.ts";
import type { Law } from "./law.ts";

/** A tag that names one version: digits and a dot, or a date, somewhere in it. */
const version = /(^|[^0-9])\d+([.-]\d+)+/;

export const imagesVersioned: Law = {
  id: "images-versioned",
  sentence: "Every image has a tag that is a version, or a digest.",
  fix: "Set the image's tag by the chart's value for it, from the chart's own release.",
  breaches: (site) =>
    byOwner(site).flatMap(({ release, facts }) => {
      const containers = facts.pods.flatMap(({ controller, name, ...pods }) =>
        pods.containers.map((container) => ({
          image: container.image,
          at: `${controller} ${name}: ${container.name}`,
        })),
      );
      // Beside those of containers, the ones that programs are told to start.
      const told = facts.images
        .filter(({ image }) => !containers.some((one) => one.image === image))
        .map(({ image, in: at }) => ({ image, at }));
      return (
        [...containers, ...told]
          // Of one without an image, another release names it: the operator that adds the container.
          .filter(({ image }) => image !== "" && !isVersioned(image))
          .map(({ image, at }) => ({ release, at, problem: `its image is ${image}` }))
      );
    }),
};

function isVersioned(image: string): boolean {
  if (/@sha256:[0-9a-f]{64}$/.test(image)) return true;
  const tag = /:([^:/]+)$/.exec(image)?.[1];
  return tag !== undefined && version.test(tag);
}
