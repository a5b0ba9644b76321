import { imageDigests } from "@isthmus/helm";
import { digestsCarried } from "./digests-carried.ts";
import { hostAccessAsStated } from "./host-access-as-stated.ts";
import { imagesVersioned } from "./images-versioned.ts";
import type { Law } from "./law.ts";
import { objectsValid } from "./objects-valid.ts";
import { namesResolve } from "./names-resolve.ts";
import { podSecurity } from "./pod-security.ts";
import { podsAsStated } from "./pods-as-stated.ts";
import { podsStated } from "./pods-stated.ts";
import { rbacAsStated } from "./rbac-as-stated.ts";
import { drainFinishes, rolloutFinishes } from "./rollout-finishes.ts";
import { selectorsSelect } from "./selectors-select.ts";
import { tlsNames } from "./tls-names.ts";
import { valuesUsed } from "./values-used.ts";
import { webhooksAdmit } from "./webhooks-admit.ts";

/** What holds of every release. A new service needs none of its own. */
export const laws: readonly Law[] = [
  valuesUsed,
  podsStated,
  podsAsStated,
  namesResolve,
  selectorsSelect,
  tlsNames,
  podSecurity,
  rbacAsStated,
  hostAccessAsStated,
  imagesVersioned,
  digestsCarried(imageDigests),
  rolloutFinishes,
  drainFinishes,
  objectsValid,
  webhooksAdmit,
];
