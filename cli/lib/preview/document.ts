import {
  budget,
  describeFailure,
  disksBudget,
  type Assessment,
  type DiskBudget,
  type DisksBudget,
  type NodeBudget,
  type SiteBudget,
  type SiteDisks,
} from "@isthmus/availability";
import { unknownHostKey } from "@isthmus/core";
import { reliedOn } from "@isthmus/k3s";
import type { FleetPlan, SitePlan } from "../../../plan/plans.ts";
import type { Evaluation } from "../../../policy/evaluate.ts";
import { evaluatePolicies } from "../../../program/policies.ts";
import { inOrder } from "../../../program/services.ts";
import { registerInProcess } from "./in-process.ts";
import type { Recorded } from "./recorder.ts";
import { documentVersion } from "./version.ts";

export interface PreviewedRelease {
  readonly name: string;
  readonly service: string;
  readonly namespace: string;
  readonly chart: string;
  readonly version: string;
  readonly repository: string;
  readonly dependsOn: readonly string[];
}

export interface PreviewedSite {
  readonly resources: readonly Pick<Recorded, "type" | "name" | "urn" | "parent" | "dependsOn">[];
  readonly releases: readonly PreviewedRelease[];
  readonly budgets: {
    readonly site: SiteBudget;
    readonly nodes: readonly NodeBudget[];
    readonly disks: readonly DiskBudget[];
    readonly volumes: SiteDisks;
  };
  readonly availability: readonly (Assessment & { readonly when: string })[];
  readonly dnsRecords: readonly { name: string; type: string; value: string; ttl: number }[];
  readonly policy: Evaluation;
  /** What a first `up` leaves for later, until the other site is up. */
  readonly pendingLinks: readonly { site: string; service: string; item: string }[];
  readonly secrets: readonly { name: string; for: string; present: boolean }[];
  /** Checksums that we state and nobody could compare with their source: a person does, before the first `up`. */
  readonly neverCompared: readonly { of: string; digest: string; source: string }[];
  readonly afterwards: readonly string[];
}

/** Something that is wrong in the stack files. */
export interface PreviewedFinding {
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  readonly path: string;
  readonly problem: string;
  readonly fix: string;
}

/** What `npm run preview -- --json` prints. */
export interface PreviewDocument {
  readonly version: typeof documentVersion;
  /** What is wrong in the stack files. Where there is any, no site is planned. */
  readonly findings: readonly PreviewedFinding[];
  readonly sites: Readonly<Record<string, PreviewedSite>>;
}

/** Previews the named sites, or all. */
export async function previewDocument(fleet: FleetPlan, names: readonly string[]): Promise<PreviewDocument> {
  const sites: Record<string, PreviewedSite> = {};
  const { topology, services } = fleet.footprint;
  const budgets = budget(topology, services);
  const disks = disksBudget(topology, services);
  for (const plan of fleet.sites.filter((site) => names.length === 0 || names.includes(site.facts.name))) {
    const recorded = await registerInProcess(fleet, plan);
    sites[plan.facts.name] = previewSite({ plan, fleet, recorded, budgets, disks });
  }
  return { version: documentVersion, findings: [], sites };
}

interface Parts {
  readonly plan: SitePlan;
  readonly fleet: FleetPlan;
  readonly recorded: readonly Recorded[];
  readonly budgets: ReturnType<typeof budget>;
  readonly disks: DisksBudget;
}

function previewSite({ plan, fleet, recorded, budgets, disks }: Parts): PreviewedSite {
  const { name } = plan.facts;
  const site = budgets.sites.find((one) => one.site === name);
  const volumes = disks.sites.find((one) => one.site === name);
  if (site === undefined || volumes === undefined) throw new Error(`no budget for ${name}`);
  return {
    resources: recorded.map(({ type, name: resource, urn, parent, dependsOn }) => ({
      type,
      name: resource,
      urn,
      ...(parent === undefined ? {} : { parent }),
      dependsOn,
    })),
    releases: releasesOf(plan),
    budgets: {
      site,
      nodes: budgets.nodes.filter((node) => node.site === name),
      disks: disks.disks.filter((disk) => disk.site === name),
      volumes,
    },
    availability: fleet.assessments
      .filter((assessment) => assessment.service.startsWith(`${name}/`))
      .map((assessment) => ({ when: describeFailure(assessment.failure), ...assessment })),
    dnsRecords: plan.dnsRecords.map(({ name: record, type, value, ttl }) => ({ name: record, type, value, ttl })),
    policy: evaluatePolicies(fleet, recorded),
    pendingLinks: plan.links,
    secrets: plan.secrets,
    neverCompared: reliedOn(plan.cluster.settings, plan.cluster.nodes)
      .filter(({ compared }) => compared === "never")
      .map(({ of, digest, source }) => ({ of, digest, source })),
    afterwards: [...keysToLearn(plan), ...plan.services.flatMap((service) => service.afterwards)],
  };
}

/** Machines whose keys nobody knew when the stack file was written (`isthmus init`): none is trusted by what stands there. */
function keysToLearn({ machines }: SitePlan): string[] {
  return machines.existing
    .filter(({ hostKey }) => hostKey === unknownHostKey)
    .map(
      ({ name, address }) =>
        `before the first up: write the SSH key of ${name} as nodes.${name}.machine.hostKey: ssh-keyscan -t ed25519 ${address}`,
    );
}

/** Releases in the order in which they come, each with what it comes after. */
export function releasesOf(plan: SitePlan): PreviewedRelease[] {
  return plan.services.flatMap((service) =>
    inOrder(service).flatMap((item): PreviewedRelease[] => {
      if (item.kind === "object") return [];
      const { name, namespace, chart, after = [] } = item.plan;
      return [
        {
          name,
          service: service.instance,
          namespace,
          chart: chart.name,
          version: chart.version,
          repository: chart.repository,
          dependsOn: [...new Set(Object.values(service.providers)), ...after].sort(),
        },
      ];
    }),
  );
}
