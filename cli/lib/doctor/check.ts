import type { FleetPlan } from "../../../plan/plans.ts";

/** What a check saw. Nothing is changed by asking, and nothing secret is asked for or told. */
export interface CheckResult {
  /** What was in order, in a line: `22 charts can be had`. */
  readonly fine: string;
  readonly findings: readonly DoctorFinding[];
  /** What this computer lacks so that the question could not be asked, with the way to get it. */
  readonly missing?: string;
}

export interface DoctorFinding {
  readonly what: string;
  readonly problem: string;
  readonly fix: string;
}

/** One thing that is asked before anything is built. Each is a file of its own in this folder, and a line in `checks.ts`. */
export interface Check {
  readonly name: string;
  /** `plan` has the sites that were asked for. */
  readonly ask: (plan: FleetPlan) => Promise<CheckResult>;
}
