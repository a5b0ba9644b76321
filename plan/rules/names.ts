import { type Finding, type SourcePath } from "@isthmus/core";
import { fleetFile } from "../../config/files.ts";
import type { SitePlan } from "../plans.ts";
import { defineRule } from "../rules.ts";

const nameTooLongRule = defineRule({
  id: "name-too-long",
  severity: "high",
  summary: "Names that are derived have no more letters than Kubernetes and Helm take.",
  fix: "Give it a shorter name.",
  docs: "docs/reference/site.md#services",
});

/** A name that is made of what stands in the stack files, and how long it may be. */
interface DerivedName {
  readonly name: string;
  readonly what: string;
  readonly limit: number;
  readonly from: SourcePath;
}

/** https://github.com/helm/helm/blob/v3.19.0/pkg/action/install.go (`releaseNameMaxLen`) */
const release = 53;

/**
 * By kind. Services and namespaces are DNS labels, and a CronJob adds 11 letters to the names of its Jobs
 * (https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/); CloudNativePG adds endings to a cluster's:
 * https://github.com/cloudnative-pg/cloudnative-pg/blob/v1.28.0/internal/webhook/v1/cluster_webhook.go (`validateName`).
 */
const limits: Readonly<Record<string, number>> = { Service: 63, Namespace: 63, CronJob: 52, Cluster: 50 };
/** Any other object: an RFC 1123 subdomain, as a whole DNS name is. */
const subdomain = 253;

/** Names that follow from those of instances, clusters, nodes and zones fit where they go: told where the name is written. */
export function checkNames(sites: readonly SitePlan[]): Finding[] {
  const names = sites.flatMap((site) => [...ofServices(site), ...ofDns(site)]).filter((name) => excess(name) > 0);
  return worstOfEach(names).map(toFinding);
}

const excess = ({ name, limit }: DerivedName): number => name.length - limit;

/** One name that is too long makes others so: what is to be shortened is told once, by as much as all of them need. */
function worstOfEach(names: readonly DerivedName[]): readonly DerivedName[] {
  const worst = new Map<SourcePath, DerivedName>();
  for (const name of names) {
    const known = worst.get(name.from);
    if (known === undefined || excess(name) > excess(known)) worst.set(name.from, name);
  }
  return [...worst.values()];
}

function ofServices({ services }: SitePlan): DerivedName[] {
  return services.flatMap(({ releases, objects, from: instance }) => [
    ...releases.map(({ name }) => ({ name, what: "the name of a Helm release", limit: release, from: instance })),
    ...objects.map(({ manifest, from }) => {
      const { kind, metadata } = manifest;
      return { name: metadata.name, what: `the name of a ${kind}`, limit: limits[kind] ?? subdomain, from };
    }),
  ]);
}

function ofDns({ dnsRecords }: SitePlan): DerivedName[] {
  // Those that are written in one piece are held to it by their shape.
  return dnsRecords.map(({ name }) => ({ name, what: "a DNS name", limit: subdomain, from: `${fleetFile}#/domain` }));
}

function toFinding(derived: DerivedName): Finding {
  const { name, what, limit, from } = derived;
  return {
    rule: nameTooLongRule.id,
    at: from,
    problem: `"${name}" would be ${what}, which has at most ${limit} characters, and it has ${name.length}`,
    fix: `make the name that stands here shorter by ${excess(derived)}`,
  };
}
