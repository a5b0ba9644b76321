import { chartRepositories } from "./chart-repositories.ts";
import type { Check } from "./check.ts";

/** All checks, in the order in which they are told. */
export const checks: readonly Check[] = [chartRepositories];
