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
