import { hashOf, type ReleaseFacts } from "./facts.ts";
import type { KubernetesObject } from "./kubernetes.ts";
import type { Judged, JudgedRelease } from "./judgement.ts";
import type { ObjectChecker } from "./validity/checker.ts";
import type { Beside } from "./webhooks/demand.ts";
import { refusals } from "./webhooks/index.ts";

/** The same of objects of ours. */
export interface JudgedObjects extends Judged {
  /** SHA-256 of the objects, as JSON with sorted keys. */
  readonly objects: string;
}

/** What is known of a site: of its releases by name, and of objects of ours by the instance of the service. */
export interface KnownSite {
  readonly releases: ReadonlyMap<string, ReleaseFacts>;
  readonly own: ReadonlyMap<string, JudgedObjects>;
}

function judged(objects: readonly KubernetesObject[], checker: ObjectChecker, kubernetes: string): Judged {
  return { kubernetes, invalid: objects.flatMap((object) => checker.problems(object)) };
}

/** What a release's objects are held to. */
export interface Judges {
  readonly checker: ObjectChecker;
  readonly beside: Beside;
  readonly kubernetes: string;
}

export function judgedRelease(
  objects: readonly KubernetesObject[],
  { checker, beside, kubernetes }: Judges,
): JudgedRelease {
  return { ...judged(objects, checker, kubernetes), refused: refusals(objects, beside) };
}

export function judgedObjects(
  objects: readonly KubernetesObject[],
  checker: ObjectChecker,
  kubernetes: string,
): JudgedObjects {
  return { objects: hashOf(objects), ...judged(objects, checker, kubernetes) };
}
