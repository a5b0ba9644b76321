import { storesOf, type Backup, type Service, type Store } from "@isthmus/core";
import { z } from "zod";
import type { FleetPlan } from "../../plan/plans.ts";
import type { ServicePlan } from "../../plan/service-plans.ts";

/** A page of the reference for each service, and one that lists them; by path below `docs/reference/services`. */
export function servicePages(catalogue: readonly Service[], fleet: FleetPlan): Map<string, string> {
  const sorted = [...catalogue].sort((a, b) => a.name.localeCompare(b.name));
  return new Map([
    ["README.md", indexPage(sorted)],
    ...sorted.map((service): [string, string] => [`${service.name}.md`, servicePage(service, fleet)]),
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

function servicePage(service: Service, fleet: FleetPlan): string {
  const shown = fleet.sites[0]?.services.filter((plan) => plan.service === service.name) ?? [];
  return page([
    `# ${service.name}`,
    generatedMark,
    service.summary,
    "## Arguments",
    argumentTable(service.schema),
    ...shown.flatMap((plan) => usage(plan, fleet.sites[0]?.facts.name ?? "")),
  ]);
}

interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

function argumentTable(schema: z.ZodType): string {
  const rows = argumentRows(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema, "");
  return rows.length === 0 ? "It has none." : table(["argument", "type", "meaning"], rows);
}

/** Arguments by path; those of a list's or a map's items stand below it. */
function argumentRows(schema: JsonSchema, path: string): string[][] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const at = path === "" ? key : `${path}.${key}`;
    const required = schema.required?.includes(key) ? ", required" : "";
    return [[`\`${at}\``, `${typeOf(value)}${required}`, meaningOf(value)], ...argumentRows(value, at)];
  });
  const { additionalProperties: entry, items } = schema;
  return [
    ...own,
    ...(typeof entry === "object" ? argumentRows(entry, `${path}.<name>`) : []),
    ...(items === undefined ? [] : argumentRows(items, `${path}[]`)),
    ...alternatives(schema).flatMap((alternative) => argumentRows(alternative, path)),
  ];
}

const alternatives = (schema: JsonSchema): readonly JsonSchema[] => schema.anyOf ?? schema.oneOf ?? [];

function typeOf(schema: JsonSchema): string {
  const either = alternatives(schema);
  if (either.length > 0) return [...new Set(either.map(typeOf))].join(" or ");
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(", ");
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.items !== undefined) return `list of ${typeOf(schema.items)}`;
  if (typeof schema.additionalProperties === "object") return `map to ${typeOf(schema.additionalProperties)}`;
  return [schema.type ?? "any"].flat().join(" or ");
}

/** A description states its default where that needs words; one that does not is given it. */
function meaningOf({ description = "", default: value }: JsonSchema): string {
  const stated = value === undefined || /default/i.test(description);
  return stated ? description : `${description} Default: \`${JSON.stringify(value)}\`.`.trim();
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

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

const page = (parts: readonly string[]): string => `${parts.join("\n\n")}\n`;
