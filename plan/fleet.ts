import { assess, controlPlaneOf, type FleetFootprint, type PlacedService } from "@isthmus/availability";
import { below, type Backup, type CapabilityName, type Duration, type Finding, type SiteFacts } from "@isthmus/core";
import { localPathClass } from "@isthmus/k3s";
import type { Model, SiteModel } from "../config/load.ts";
import { checkAddresses } from "../config/rules/addresses.ts";
import { checkClusterNetworks } from "../config/rules/cluster-networks.ts";
import { checkLabels } from "../config/rules/labels.ts";
import { checkNetworks } from "../config/rules/networks.ts";
import { checkNodes } from "../config/rules/nodes.ts";
import { checkState } from "../config/rules/state.ts";
import { planCluster } from "./cluster.ts";
import { claimRecords, dnsRecords, type DnsRecord } from "./dns.ts";
import { entriesOf } from "./entries.ts";
import { planSiteMachines } from "./machines.ts";
import { linksOf, linksService } from "./links.ts";
import type { FleetPlan, SitePlan } from "./plans.ts";
import { checkApiAddress } from "./rules/api-address.ts";
import { checkBudget } from "./rules/budget.ts";
import { checkClaims } from "./rules/claims.ts";
import { checkDisks } from "./rules/disks.ts";
import { checkK3sParts } from "./rules/k3s-parts.ts";
import { checkK3sVersion } from "./rules/k3s-version.ts";
import { checkLinks } from "./rules/links.ts";
import { checkNames } from "./rules/names.ts";
import { checkPlacement } from "./rules/placement.ts";
import { checkPromises } from "./rules/promises.ts";
import { checkReach } from "./rules/reach.ts";
import { checkResolvers } from "./rules/resolvers.ts";
import { checkStateName } from "./rules/state-name.ts";
import { neededSecrets } from "./secrets.ts";
import { planServices, type ServicePlan, type ServicePlans } from "./service-plans.ts";
import { siteFacts } from "./site-facts.ts";

/** Plans all sites together, since they share networks, names and one another's backups. */
export function planFleet(model: Model): FleetPlan {
  const stated = model.sites.map((site): StatedSite => {
    const facts = siteFacts(site, model);
    return { site, facts, ...planServices(site, facts) };
  });
  const names = stated.flatMap(({ facts, plans }) => claimRecords(facts, plans));
  const planned = stated.map((one) => planSite(one, names));
  const sites = planned.map(({ plan }) => plan);
  const unfinished = new Set(planned.flatMap(({ plan, findings }) => (findings.length > 0 ? [plan.facts.name] : [])));
  const footprint = footprintOf(sites);
  const assessments = assess(footprint);
  const findings = [
    ...checkState(model),
    ...checkStateName(model, sites),
    ...checkNetworks(model),
    ...checkClusterNetworks(model),
    ...checkAddresses(model),
    ...checkNodes(model),
    ...checkLabels(model),
    ...planned.flatMap((one) => one.findings),
    ...checkClaims(sites),
    ...checkNames(sites),
    ...sites.flatMap(checkResolvers),
    ...checkLinks(sites, unfinished),
    ...checkReach(sites, model.fleet.overlay !== undefined),
    ...checkBudget(sites, footprint),
    ...checkDisks(sites, footprint),
    ...checkPromises(sites, footprint, assessments),
  ];
  return { model, sites, footprint, assessments, findings };
}

/** A site with its own services planned: what other sites call them is known, what it says of other sites is not yet there. */
interface StatedSite extends ServicePlans {
  readonly site: SiteModel;
  readonly facts: SiteFacts;
}

function planSite(
  { site, facts, plans, refused, findings }: StatedSite,
  names: readonly DnsRecord[],
): { plan: SitePlan; findings: readonly Finding[] } {
  const services = facts.peers.length === 0 ? plans : [...plans, linksService(facts, names)];
  const machines = planSiteMachines(site, facts.domain);
  const footprints = services.map(({ footprint }) => footprint);
  const cluster = planCluster(site, facts, footprints);
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
      // VMs that stand apart are told once.
      ...(machines.findings.length > 0 ? [] : checkApiAddress({ site, facts })),
      ...checkK3sParts(site, services),
      ...checkK3sVersion(site, services),
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
      {
        ...controlPlaneOf(facts.topology, below(site.from, "kubernetes"), etcdBackup(site, facts)),
        storageClasses: facts.kubernetes.localStorage ? [localPathClass(facts.topology)] : [],
      },
      ...services.filter((plan) => plan.footprint.workloads.length > 0).map((plan) => placed(plan, facts)),
    ]),
  };
}

/** Snapshots count as a backup where they leave the servers. */
function etcdBackup({ kubernetes: { snapshots } }: SiteModel, { kubernetes }: SiteFacts): Backup {
  const { pauseMinutes } = kubernetes.snapshots;
  if (snapshots.s3 === undefined || !Number.isFinite(pauseMinutes))
    return { none: "snapshots of etcd stay on the servers' own disks: kubernetes.snapshots.s3 is not set" };
  const { bucket, endpoint } = snapshots.s3;
  return {
    by: "k3s' snapshots of etcd",
    to: `the bucket ${bucket} at ${endpoint}`,
    every: roundDuration(pauseMinutes),
  };
}

const roundDuration = (minutes: number): Duration => (minutes % 60 === 0 ? `${minutes / 60}h` : `${minutes}m`);

function placed(plan: ServicePlan, { name: site, topology }: SiteFacts): PlacedService {
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
    workloads: [...plan.footprint.workloads, ...entriesOf(plan.footprint, topology)],
    providers,
    storageClasses: plan.footprint.storageClasses,
    from: plan.from,
  };
}
