import { unique } from "@isthmus/core";
import { affectedBy, type AffectedGroup } from "./affected.ts";
import { dataAtRisk } from "./data-at-risk.ts";
import { classifier } from "../model/equivalence.ts";
import { failuresOf, sidesAfter, type Failure } from "../model/failure.ts";
import { indexFleet, type FleetIndex, type IndexedService } from "../model/fleet-index.ts";
import type { FleetFootprint } from "../model/fleet.ts";
import { returnOf, type Course } from "./return.ts";
import { reasonOf, stuckText, type Reason } from "./reason.ts";
import { recover, type Recovery } from "./recovery.ts";
import { servingOf, standsOn, type Side } from "./serving.ts";
import { stateFrom, stateOf } from "./state.ts";
import { missingOf, stepsFor, type Aftermath } from "./steps.ts";
import { best, serves, worst, type Assessment, type State, type Verdict } from "../model/verdict.ts";
import { circleOf, describeEdges, edgesFrom } from "./waits-for.ts";

/**
 * What each failure does to each service: one verdict for each pair, in the order of `failures` (all there are, unless
 * given) and of the services. Failures that differ only in names are judged once.
 */
export function assess(fleet: FleetFootprint, failures: readonly Failure[] = failuresOf(fleet.topology)): Assessment[] {
  const index = indexFleet(fleet);
  const classOf = classifier(index);
  const judged = new Map<string, Verdict[]>();
  return failures.flatMap((failure) => {
    const key = classOf(failure);
    const verdicts = judged.get(key) ?? judge(index, failure);
    judged.set(key, verdicts);
    return verdicts.map((verdict, place): Assessment => {
      return { failure, service: index.services[place]?.service.id ?? "", ...verdict };
    });
  });
}

/** One side of the fleet with what happens on it. */
interface SideView {
  readonly side: Side;
  readonly recovery: Recovery;
}

/** The verdicts of one failure, in the order of the services. */
function judge(index: FleetIndex, failure: Failure): Verdict[] {
  const affected = affectedBy(index, failure);
  const sides = sidesAfter(failure, { sites: [...index.sites.values()] });
  const views = sides.map((side): SideView => ({ side, recovery: recover(index, failure, { affected, side }) }));
  return index.services.map((service) => {
    const concerned = views.filter(({ side }) => standsOn(service, side));
    const at = concerned.map(({ recovery }): Aftermath => ({ index, failure, affected, recovery }));
    const [only, ...more] = at;
    const verdict =
      only === undefined
        ? gone(service, failure)
        : more.length === 0
          ? verdictOn(service, only)
          : acrossSides(service, at);
    const risk = dataAtRisk(service, failure, affected);
    return risk === undefined ? verdict : { ...verdict, dataAtRisk: risk };
  });
}

/** The verdict on a service all of whose places are lost. */
function gone({ service, workloads }: IndexedService, failure: Failure): Verdict {
  const restarts = workloads.flatMap(({ workload }) =>
    workload.restarts.by === "person" ? workload.restarts.steps : [],
  );
  const site = failure.kind === "site" ? failure.site : (service.site ?? "its site");
  const steps = unique([`bring ${site} back: power, then its uplink`, ...restarts]);
  return {
    during: "down",
    after: "down",
    returns: { by: "person", steps },
    why: `all of it is at ${site}; nothing moves to another site`,
    untilFull: steps,
    ...(workloads[0] === undefined ? {} : { cause: { workload: workloads[0].workload.name } }),
  };
}

/** The verdict on a service whose members all reach one another. */
function verdictOn(service: IndexedService, aftermath: Aftermath): Verdict {
  const { index, failure, recovery } = aftermath;
  const during = stateOf(service, recovery.during);
  const after = stateOf(service, recovery.after);
  const untilFull = after === "full" ? [] : stepsFor(service, aftermath);
  const circle = serves(after) ? undefined : circleOf(service, index, recovery);
  const lasting = reasonOf(service, { failure, affected: aftermath.affected, stage: recovery.after });
  const first = reasonOf(service, { failure, affected: aftermath.affected, stage: recovery.during });
  const cause = (serves(after) ? first : lasting).cause;
  return {
    during,
    after,
    returns: returnOf(service, aftermath, { during, after, steps: untilFull }),
    why: whyOf(service, aftermath, { during, after, first, lasting }),
    untilFull,
    ...(circle === undefined ? {} : { startCycle: circle.map((edge) => edge.from.service.id) }),
    ...(cause === undefined ? {} : { cause }),
  };
}

function whyOf(
  service: IndexedService,
  aftermath: Aftermath,
  course: Course & { first: Reason; lasting: Reason },
): string {
  const { during, after, first, lasting } = course;
  const { index, recovery, failure } = aftermath;
  if (serves(after)) {
    const returns = returnOf(service, aftermath, { during, after, steps: [] });
    if (returns.by !== "itself") return first.text;
    if (failure.kind === "everything") return returns.because;
    const rest = after === "full" || lasting.text === first.text ? "" : `; then degraded: ${lasting.text}`;
    return `${first.text}; ${returns.because}${rest}`;
  }
  const circle = circleOf(service, index, recovery);
  if (circle !== undefined) return `it waits for itself: ${describeEdges(circle)}`;
  const edges = edgesFrom(service, index, recovery).filter((edge) => edge.purpose === "to start");
  const stuck = unique(
    missingOf(service, aftermath).flatMap((affectedGroup: AffectedGroup) => stuckText(affectedGroup) ?? []),
  );
  const waits = edges.length === 0 ? [] : [describeEdges(edges)];
  return unique([lasting.text, ...stuck, ...waits]).join("; ");
}

/** The verdict on a service of which the cut leaves members on several sides. */
function acrossSides(service: IndexedService, at: readonly Aftermath[]): Verdict {
  const sides = at.map((aftermath) => ({
    site: aftermath.recovery.during.moment.side.join(", "),
    verdict: verdictOn(service, aftermath),
  }));
  const overall = (moment: "during" | "after"): State => {
    const asSeen = sides.map(({ verdict }) => verdict[moment]);
    const led = at.map((aftermath) => whereLed(service, aftermath, moment));
    return best([...asSeen, worst(led)]);
  };
  const during = overall("during");
  const after = overall("after");
  const steps = unique(sides.flatMap(({ verdict }) => verdict.untilFull));
  const cause = sides.find(({ verdict }) => verdict.cause !== undefined)?.verdict.cause;
  const led = serves(after) && sides.every(({ verdict }) => !serves(verdict.after));
  const whichSide = led ? "; the site where the leader stands goes on" : "";
  return {
    during,
    after,
    returns: serves(after) ? { by: "nothing to return" } : { by: "person", steps },
    why: sides.map(({ site, verdict }) => `${site} is ${verdict.after}: ${verdict.why}`).join("; ") + whichSide,
    untilFull: after === "full" ? [] : steps,
    sites: Object.fromEntries(
      sides.map(({ site, verdict }) => [site, { during: verdict.during, after: verdict.after }]),
    ),
    ...(cause === undefined ? {} : { cause }),
  };
}

/** What a side does if the leader stands on it. */
function whereLed(service: IndexedService, { recovery }: Aftermath, moment: "during" | "after"): State {
  const stage = recovery[moment];
  const led = servingOf(service, { ...stage.moment, leaderHere: true }, stage.serving);
  return stateFrom(led, service, stage);
}
