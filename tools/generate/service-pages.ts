import { storesOf, type Backup, type Service, type Store } from "@isthmus/core";
import type { FleetPlan } from "../../plan/plans.ts";
import type { ServicePlan } from "../../plan/service-plans.ts";
import { examplesOf } from "./schema-examples.ts";
import { keyColumns, keyRows, page, table } from "./schema-table.ts";
import { argumentsIn, inputSchema, type StackFiles } from "./stack-file-pages.ts";

/** A page of the reference for each service, and one that lists them; by path below `docs/reference/services`. */
export function servicePages(catalogue: readonly Service[], fleet: FleetPlan, files: StackFiles): Map<string, string> {
  const sorted = [...catalogue].sort((a, b) => a.name.localeCompare(b.name));
  return new Map([
    ["README.md", indexPage(sorted)],
    ...sorted.map((service): [string, string] => [`${service.name}.md`, servicePage(service, fleet, files)]),
  ]);
}

export const generatedMark = "<!-- Generated from the service's definition by `npm run generate`; do not edit. -->";

function indexPage(services: readonly Service[]): string {
  const rows = services.map(({ name, summary }) => [`[${name}](${name}.md)`, summary]);
  return page([
    "# Services",
    generatedMark,
    "What a site may name under `services`.",
    table(["service", "what it is"], rows),
  ]);
}

function servicePage(service: Service, fleet: FleetPlan, files: StackFiles): string {
  const shown = fleet.sites[0]?.services.filter((plan) => plan.service === service.name) ?? [];
  return page([
    `# ${service.name}`,
    generatedMark,
    service.summary,
    "## Arguments",
    argumentTable(service, files),
    ...shown.flatMap((plan) => usage(plan, fleet.sites[0]?.facts.name ?? "")),
  ]);
}

function argumentTable(service: Service, files: StackFiles): string {
  const schema = inputSchema(service.schema);
  const rows = keyRows(schema, examplesOf(schema, argumentsIn(files, service)));
  return rows.length === 0 ? "It has none." : table(keyColumns, rows);
}

function usage(plan: ServicePlan, site: string): string[] {
  const capabilities = Object.entries(plan.providers).map(([name, provider]) => `\`${name}\` (of \`${provider}\`)`);
  const offers = Object.keys(plan.offers).map((name) => `\`${name}\``);
  const heading = plan.instance === plan.service ? "" : ` as ${plan.instance}`;
  return [
    `## In the default stack of ${site}${heading}`,
    `Uses ${listed(capabilities)}. Offers ${listed(offers)}.`,
    ...(plan.footprint.workloads.length === 0 ? [] : [workloadTable(plan, site)]),
    ...permissionTable(plan),
    ...hostAccessTable(plan),
  ];
}

const listed = (items: readonly string[]): string => (items.length === 0 ? "nothing" : items.join(", "));

function workloadTable({ footprint }: ServicePlan, site: string): string {
  const rows = footprint.workloads.map((workload) => [
    workload.name,
    "perNode" in workload.members ? "one per node" : `${workload.members.perSite[site] ?? 0}`,
    `${workload.requests.memory}, ${workload.requests.cpu} CPU`,
    storesOf(workload).map(volumesOf).join("<br>"),
    [...new Set(storesOf(workload).map(({ backup }) => backupOf(backup)))].join("<br>"),
  ]);
  return table(["workload", "members", "each requests", "each stores", "backup"], rows);
}

function permissionTable({ privileges: { permissions = [] } }: ServicePlan): string[] {
  if (permissions.length === 0) return [];
  const rows = permissions.map(({ subject, may, why, ...one }) => [
    subject,
    one.in === "cluster" ? "everywhere" : `in ${one.in}`,
    may.join(", "),
    why,
  ]);
  return [
    "What its ServiceAccounts may do at the API server by which more can be had:",
    table(["ServiceAccount", "where", "may", "why"], rows),
  ];
}

function hostAccessTable({ privileges: { hostAccess = [] } }: ServicePlan): string[] {
  if (hostAccess.length === 0) return [];
  return [
    "What its pods have of their hosts:",
    table(
      ["pods", "have", "why"],
      hostAccess.map(({ pods, has, why }) => [pods, has.join(", "), why]),
    ),
  ];
}

const volumesOf = ({ volumes = 1, size, what }: Store): string =>
  `${volumes === 1 ? "" : `${volumes} × `}${size}: ${what}`;

function backupOf(backup: Backup): string {
  return "none" in backup ? `none: ${backup.none}` : `${backup.by}, every ${backup.every}, to ${backup.to}`;
}
