import { contains, toNumber, type Finding, type SiteFacts } from "@isthmus/core";
import { clashes, type Held } from "../../config/rules/addresses.ts";
import type { ServicePlan } from "../service-plans.ts";

export interface PlannedSite {
  readonly facts: SiteFacts;
  readonly services: readonly ServicePlan[];
}

/** Addresses that services hold lie in their pool and have one holder in the whole fleet; so do names of routes. */
export function checkClaims(sites: readonly PlannedSite[]): Finding[] {
  const held = sites.flatMap(({ facts, services }) =>
    services.flatMap((plan) =>
      plan.footprint.addresses.map((claim): Held => {
        const number = toNumber(claim.address);
        return {
          what: `${claim.name} at ${facts.name}`,
          range: { first: number, last: number },
          text: claim.address,
          at: claim.from,
        };
      }),
    ),
  );
  return [...sites.flatMap(outsidePools), ...clashes(held), ...routesTwice(sites)];
}

function outsidePools({ facts, services }: PlannedSite): Finding[] {
  return services.flatMap((plan) =>
    plan.footprint.addresses.flatMap((claim): Finding[] => {
      const pool = Object.hasOwn(facts.pools, claim.pool) ? facts.pools[claim.pool] : undefined;
      if (pool === undefined) {
        const mend = `write one of: ${Object.keys(facts.pools).join(", ") || "(there is none: add pools)"}`;
        return [{ rule: "unknown-pool", at: claim.from, problem: `"${claim.pool}" is no pool of ${facts.name}`, mend }];
      }
      if (contains({ first: toNumber(pool.first), last: toNumber(pool.last) }, claim.address)) return [];
      const problem = `"${claim.address}" (${claim.name}) is not in pool ${pool.name}`;
      return [
        { rule: "address-outside-pool", at: claim.from, problem, mend: `write one of ${pool.first} to ${pool.last}` },
      ];
    }),
  );
}

function routesTwice(sites: readonly PlannedSite[]): Finding[] {
  const routes = sites.flatMap(({ services }) => services.flatMap((plan) => plan.footprint.routes));
  return routes.flatMap((route, index) => {
    const first = routes.slice(0, index).find((other) => other.host === route.host);
    if (first === undefined) return [];
    const problem = `"${route.host}" (${route.name}) is also the name of ${first.name}`;
    return [{ rule: "route-twice", at: route.from, problem, mend: "give each route a name of its own" }];
  });
}
