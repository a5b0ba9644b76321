import type { RenderedSite } from "../site.ts";

/** One thing that does not hold. */
export interface Breach {
  /** The release or the service's instance. */
  readonly release: string;
  /** The object, with its part. */
  readonly at: string;
  readonly problem: string;
}

/** Something that must hold of whatever a release's chart makes of its values. */
export interface Law {
  readonly id: string;
  /** What holds, in one sentence. */
  readonly sentence: string;
  /** What to do where it does not. */
  readonly fix: string;
  breaches(site: RenderedSite): readonly Breach[];
}

/** A breach that stands, with the reason. One that no longer occurs is itself a fault. */
export interface Exception {
  readonly law: string;
  readonly release: string;
  readonly at: string;
  readonly why: string;
}
