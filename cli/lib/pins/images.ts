import type { StatedDigest } from "@isthmus/core";
import type { FleetPlan } from "../../../plan/plans.ts";
import { imagesIn } from "../charts/images.ts";
import type { KnownSite } from "../charts/judged.ts";
import { objectsOfPlan } from "../charts/own-objects.ts";

/** An image that the fleet runs. */
export interface UsedImage {
  /** Without a digest. */
  readonly image: string;
  /** Releases and instances of services that name it, over all sites. */
  readonly by: readonly string[];
  readonly pin?: StatedDigest | undefined;
}

/** Every image that releases and objects of the fleet name, once, by its name. `known`: what is kept of each site's releases. */
export function usedImages(
  fleet: FleetPlan,
  known: (site: string) => KnownSite,
  pins: Readonly<Record<string, StatedDigest>>,
): readonly UsedImage[] {
  const users = fleet.sites.flatMap((plan) => [
    ...[...known(plan.facts.name).releases].flatMap(([name, { images }]) =>
      images.map(({ image }) => [withoutDigest(image), name] as const),
    ),
    ...plan.services.flatMap((service) =>
      imagesIn(objectsOfPlan(service)).map(({ image }) => [withoutDigest(image), service.instance] as const),
    ),
  ]);
  const pinned = new Map(Object.entries(pins));
  return [...new Set(users.map(([image]) => image))].sort().map((image) => ({
    image,
    by: [...new Set(users.filter(([one]) => one === image).map(([, by]) => by))].sort(),
    pin: pinned.get(image),
  }));
}

const withoutDigest = (image: string): string => image.split("@")[0] ?? image;

/** How many are pinned, in one line. */
export function pinsLine(images: readonly UsedImage[]): string {
  const pinned = images.filter(({ pin }) => pin !== undefined).length;
  const open = images.length - pinned;
  return open === 0
    ? `all ${String(images.length)} images are pinned by digest`
    : `${String(open)} of ${String(images.length)} images are pinned by no digest: npm run pins lists them`;
}
