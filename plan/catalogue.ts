import type { Service } from "@isthmus/core";
import { cloudnativePg, minio, offsite } from "@isthmus/data";
import { certManager, metallb, traefik } from "@isthmus/networking";
import { monitoring } from "@isthmus/observability";
import { vault } from "@isthmus/secrets";
import { longhorn } from "@isthmus/storage";

/** Every service that a stack file may name. */
export const catalogue: readonly Service[] = [
  metallb,
  certManager,
  traefik,
  longhorn,
  offsite,
  cloudnativePg,
  minio,
  vault,
  monitoring,
];
