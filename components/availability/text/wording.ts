import { formatSeconds } from "@isthmus/core";
import type { Assessment } from "../model/verdict.ts";

/** A verdict in a cell: `down, full within 6 min`, `read-only, manual action`, `degraded`. */
export function briefly({ during, after, returns }: Assessment): string {
  if (returns.by === "itself") {
    const serving = `${during}, ${returns.fullWithin === undefined ? after : "degraded"} within ${formatSeconds(returns.within)}`;
    return returns.fullWithin === undefined ? serving : `${serving}, full within ${formatSeconds(returns.fullWithin)}`;
  }
  if (returns.by === "person") return `${after === during ? after : `${during}, then ${after}`}, manual action`;
  return after === during ? after : `${during}, then ${after}`;
}

/** Whether a failure leaves no trace at a service. */
export const isUntouched = ({ during, after }: Assessment): boolean => during === "full" && after === "full";

/** How a site sees a service that sites see differently: `site-a: degraded, site-b: down`. */
export function perSite({ sites }: Assessment): string | undefined {
  if (sites === undefined) return undefined;
  return Object.entries(sites)
    .map(([site, { during, after }]) => `${site}: ${after === during ? after : `${during}, then ${after}`}`)
    .join(", ");
}
