import type { StatedDigest } from "@isthmus/core";

/**
 * Digests of images, by the image as charts and objects name it, such as `quay.io/metallb/speaker:v0.16.1`: what its registry gave when
 * it was asked (`npm run pins -- --resolve`). Whoever runs an image that is here carries its digest behind the tag: a law of
 * `npm run charts` holds it, and also that no other digest is carried.
 */
export const imageDigests: Readonly<Record<string, StatedDigest>> = {};
