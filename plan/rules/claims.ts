import {
  contains,
  nodePorts,
  toNumber,
  type Finding,
  type SiteFacts,
  type SourcePath,
  unknownPoolRule,
} from "@isthmus/core";
import { clashes, type Held } from "../../config/rules/addresses.ts";
import type { ServicePlan } from "../service-plans.ts";
import { defineRule } from "../rules.ts";

const portTwiceRule = defineRule({
  id: "port-twice",
  severity: "high",
  summary: "Services of a site have ports of their own.",
  fix: "Give each service a port of its own.",
  docs: "docs/guide/reach-between-sites.md#reach-between-sites",
});

const addressOutsidePoolRule = defineRule({
  id: "address-outside-pool",
  severity: "high",
  summary: "An address that a service asks for lies in its pool.",
  fix: "Write an address of the pool.",
  docs: "docs/reference/site.md#pools",
  needsWhole: ["networks", "overlay", "pools"],
});

const hostNameTwiceRule = defineRule({
  id: "host-name-twice",
  severity: "high",
  summary: "A name leads to one place.",
  fix: "Give each a name of its own.",
  docs: "docs/guide/reach-between-sites.md#names",
  needsWhole: [],
});

export interface PlannedSite {
  readonly facts: SiteFacts;
  readonly services: readonly ServicePlan[];
}

/** Addresses that services hold lie in their pool and have one holder in the whole fleet; so do names of routes, addresses and machines. */
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
  return [...sites.flatMap(outsidePools), ...clashes(held), ...sites.flatMap(portsTwice), ...namesTwice(sites)];
}

/** A NodePort is one of the whole cluster, whatever the network on which it is meant. */
function portsTwice({ facts, services }: PlannedSite): Finding[] {
  const claims = services.flatMap(({ footprint }) => footprint.ports ?? []);
  const taken = new Set(claims.map(({ port }) => port));
  return claims.flatMap((claim, index) => {
    const first = claims.slice(0, index).find(({ port }) => port === claim.port);
    if (first === undefined) return [];
    const problem = `"${claim.port}" (${claim.name} at ${facts.name}) is also the port of ${first.name}`;
    const fix = `give each service of ${facts.name} a port of its own, such as ${freePort(taken)}`;
    return [{ rule: portTwiceRule.id, at: claim.from, problem, fix }];
  });
}

function freePort(taken: ReadonlySet<number>): number {
  let port: number = nodePorts.first + 10;
  while (taken.has(port)) port = port === nodePorts.last ? nodePorts.first : port + 1;
  return port;
}

function outsidePools({ facts, services }: PlannedSite): Finding[] {
  return services.flatMap((plan) =>
    plan.footprint.addresses.flatMap((claim): Finding[] => {
      const pool = Object.hasOwn(facts.pools, claim.pool) ? facts.pools[claim.pool] : undefined;
      if (pool === undefined) {
        const fix = `write one of: ${Object.keys(facts.pools).join(", ") || "(there is none: add pools)"}`;
        const at = besides(claim.from, "pool");
        return [{ rule: unknownPoolRule.id, at, problem: `"${claim.pool}" is no pool of ${facts.name}`, fix }];
      }
      if (contains({ first: toNumber(pool.first), last: toNumber(pool.last) }, claim.address)) return [];
      const problem = `"${claim.address}" (${claim.name}) is not in pool ${pool.name}`;
      return [
        { rule: addressOutsidePoolRule.id, at: claim.from, problem, fix: `write one of ${pool.first} to ${pool.last}` },
      ];
    }),
  );
}

interface NamedHost {
  readonly host: string;
  readonly what: string;
  readonly from: SourcePath;
}

/** A name that leads to two places is answered with either of them. */
function namesTwice(sites: readonly PlannedSite[]): Finding[] {
  const names = sites.flatMap(namesAt);
  return names.flatMap(({ host, what, from }, index) => {
    const first = names.slice(0, index).find((other) => other.host === host);
    if (first === undefined) return [];
    const problem = `"${host}" (${what}) is also the name of ${first.what}`;
    return [{ rule: hostNameTwiceRule.id, at: from, problem, fix: "give each a name of its own" }];
  });
}

function namesAt({ facts, services }: PlannedSite): NamedHost[] {
  const api: NamedHost = {
    host: `api.${facts.domain}`,
    what: `the API of ${facts.name}`,
    from: `Pulumi.${facts.name}.yaml#/kubernetes/api`,
  };
  const machines = facts.topology.nodes.map(({ name, from }) => ({
    host: `${name}.${facts.domain}`,
    what: `node ${name}`,
    from,
  }));
  const addresses = services.flatMap((plan) =>
    [...plan.footprint.addresses, ...(plan.footprint.ports ?? [])].flatMap(({ hostName, name, from }) =>
      hostName === undefined
        ? []
        : [{ host: hostName, what: `${name} at ${facts.name}`, from: besides(from, "hostName") }],
    ),
  );
  const routes = services.flatMap((plan) =>
    plan.footprint.routes.map(({ host, name, from }) => ({ host, what: `${name} at ${facts.name}`, from })),
  );
  return [api, ...machines, ...addresses, ...routes];
}

/** The path of another key of what has an address or a port: its pool stands beside it, its name beside `reach`. */
const besides = (claim: SourcePath, key: "pool" | "hostName"): SourcePath =>
  claim.replace(key === "pool" ? /\/address$/ : /(\/reach)?\/(address|port)$/, `/${key}`) as SourcePath;
