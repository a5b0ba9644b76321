import { hashOf, type ReleaseFacts } from "./facts.ts";
import type { KubernetesObject } from "./kubernetes.ts";
import type { ObjectChecker } from "./validity/checker.ts";
import type { Beside } from "./webhooks/demand.ts";
import { refusals } from "./webhooks/index.ts";

/** What came of holding objects to the schemas of their kinds, when charts were at hand. */
export interface Judged {
  /** Whose schema they were held to, beside those of the CRDs that come with the charts: `v1.34.3`. */
  readonly kubernetes: string;
  /** `Kind name: what the API server would refuse`. */
  readonly invalid: readonly string[];
}

/** The same of a chart's objects, whose webhooks have been asked, too. */
export interface JudgedRelease extends Judged {
  /** `Kind name: what an admission webhook would say against it`. */
  readonly refused: readonly string[];
}

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
