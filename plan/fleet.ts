import {
  assess,
  controlPlaneOf,
  type Assessment,
  type FleetFootprint,
  type PlacedService,
} from "@isthmus/availability";
import { below, type CapabilityName, type Finding, type SiteFacts } from "@isthmus/core";
import type { ClusterFacts } from "@isthmus/k3s";
import type { Model, SiteModel } from "../config/load.ts";
import { checkAddresses } from "../config/rules/addresses.ts";
import { checkNetworks } from "../config/rules/networks.ts";
import { checkNodes } from "../config/rules/nodes.ts";
import { checkState } from "../config/rules/state.ts";
import { planCluster } from "./cluster.ts";
import { dnsRecords, type DnsRecord } from "./dns.ts";
import { planSiteMachines, type MachinesPlan } from "./machines.ts";
import { linksOf, linksService, type Link } from "./links.ts";
import { checkBudget } from "./rules/budget.ts";
import { checkClaims } from "./rules/claims.ts";
import { checkLinks } from "./rules/links.ts";
import { checkPlacement } from "./rules/placement.ts";
import { checkPromises } from "./rules/promises.ts";
import { neededSecrets, type NeededSecret } from "./secrets.ts";
import { planServices, type ServicePlan } from "./service-plans.ts";
import { siteFacts } from "./site-facts.ts";

/** Everything that will be at one site: plain data. */
export interface SitePlan {
  readonly site: SiteModel;
  readonly facts: SiteFacts;
  readonly machines: MachinesPlan;
  readonly cluster: ClusterFacts;
  readonly services: readonly ServicePlan[];
  readonly dnsRecords: readonly DnsRecord[];
  /** What waits for other sites on a first `up`. */
  readonly links: readonly Link[];
  readonly secrets: readonly NeededSecret[];
}

export interface FleetPlan {
  readonly model: Model;
  readonly sites: readonly SitePlan[];
  readonly footprint: FleetFootprint;
  /** What each failure does to each service. */
  readonly assessments: readonly Assessment[];
  /** Everything that is wrong with the stack files, in the order of files. Nothing is deployed while there is any. */
  readonly findings: readonly Finding[];
}

/** Plans all sites together, since they share networks, names and one another's backups. */
export function planFleet(model: Model): FleetPlan {
  const planned = model.sites.map((site) => planSite(site, model));
  const sites = planned.map(({ plan }) => plan);
  const unfinished = new Set(planned.flatMap(({ plan, findings }) => (findings.length > 0 ? [plan.facts.name] : [])));
  const footprint = footprintOf(sites);
  const assessments = assess(footprint);
  const findings = [
    ...checkState(model),
    ...checkNetworks(model),
    ...checkAddresses(model),
    ...checkNodes(model),
    ...planned.flatMap((one) => one.findings),
    ...checkClaims(sites),
    ...checkLinks(sites, unfinished),
    ...checkBudget(sites, footprint),
    ...checkPromises(sites, footprint, assessments),
  ];
  return { model, sites, footprint, assessments, findings };
}

function planSite(site: SiteModel, model: Model): { plan: SitePlan; findings: readonly Finding[] } {
  const facts = siteFacts(site, model);
  const { plans, refused, findings } = planServices(site, facts);
  const services = facts.peers.length === 0 ? plans : [...plans, linksService(facts)];
  const machines = planSiteMachines(site, facts.domain);
  const cluster = planCluster(site, facts);
  const plan = {
    site,
    facts,
    machines: machines.plan,
    cluster: cluster.plan,
    services,
    dnsRecords: dnsRecords(facts, site.kubernetes.api.address, services),
    links: linksOf(services),
    secrets: neededSecrets(site, services),
  };
  return {
    plan,
    findings: [
      ...machines.findings,
      ...cluster.findings,
      ...findings,
      ...checkPlacement(
        services.filter(({ instance }) => !refused.has(instance)),
        facts,
      ),
    ],
  };
}

/** What availability is derived from: the services of all sites, and the control plane of each. */
export function footprintOf(sites: readonly SitePlan[]): FleetFootprint {
  return {
    topology: { sites: sites.map(({ facts }) => facts.topology) },
    services: sites.flatMap(({ site, facts, services }) => [
      controlPlaneOf(facts.topology, below(site.from, "kubernetes")),
      ...services.filter((plan) => plan.footprint.workloads.length > 0).map((plan) => placed(plan, facts.name)),
    ]),
  };
}

function placed(plan: ServicePlan, site: string): PlacedService {
  // One that has members at other sites too is refused where it is stated; what it promises is judged as it is meant.
  const spans = plan.footprint.workloads.some(
    ({ members }) => "perSite" in members && Object.keys(members.perSite).some((other) => other !== site),
  );
  const providers = Object.fromEntries(
    Object.entries(plan.providers).map(([capability, instance]) => [
      capability as CapabilityName,
      spans ? instance : `${site}/${instance}`,
    ]),
  );
  return {
    id: `${site}/${plan.instance}`,
    site: spans ? undefined : site,
    workloads: plan.footprint.workloads,
    providers,
    from: plan.from,
  };
}
