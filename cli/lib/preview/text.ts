import { toText as availabilityText } from "@isthmus/availability";
import type { SourcePath } from "@isthmus/core";
import type { Sources } from "../../../config/sources.ts";
import { splitSourcePath } from "@isthmus/core";
import type { FleetPlan, SitePlan } from "../../../plan/plans.ts";
import { toText as policyText, type Locate } from "../../../policy/report.ts";
import { budgetTable, budgetWarnings, diskLines } from "./budget-text.ts";
import type { PreviewDocument, PreviewedSite } from "./document.ts";
import { table } from "./table.ts";
import { tree } from "./tree.ts";

export interface TextOptions {
  /** Every resource, not only how many there are. */
  readonly wholeTree: boolean;
}

/** The preview for people. */
export function previewText(document: PreviewDocument, fleet: FleetPlan, options: TextOptions): string {
  const locate = locator(fleet.model.sources);
  const sites = Object.entries(document.sites).map(([name, site]) => {
    const plan = fleet.sites.find(({ facts }) => facts.name === name);
    return siteText({ name, site, plan, locate, options });
  });
  const names = Object.keys(document.sites);
  const assessments = fleet.assessments.filter(({ service }) => names.some((name) => service.startsWith(`${name}/`)));
  const blocked = Object.values(document.sites).some((site) => site.policy.blocked);
  return [
    ...sites,
    heading("What survives which failure"),
    availabilityText(assessments, fleet.footprint.topology),
    "",
    blocked ? "A mandatory policy is violated: `pulumi up` would refuse." : "Stack files and policies are in order.",
  ].join("\n");
}

export function locator(sources: Sources): Locate {
  return (from: SourcePath) => ({ file: splitSourcePath(from).file, line: sources.line(from) });
}

function heading(text: string): string {
  return `\n${text}\n${"─".repeat(text.length)}`;
}

function siteText({
  name,
  site,
  plan,
  locate,
  options,
}: {
  name: string;
  site: PreviewedSite;
  plan: SitePlan | undefined;
  locate: Locate;
  options: TextOptions;
}): string {
  const parts = [
    heading(`${name}: ${site.resources.length} resources, ${site.releases.length} charts`),
    tree(site, options.wholeTree),
    "\nMemory and CPU of each node",
    budgetTable(site.budgets.nodes),
    ...budgetWarnings(site.budgets),
    ...diskLines(site.budgets, plan),
    "\nDNS",
    table(site.dnsRecords.map((record) => [record.name, record.type, record.value, `${record.ttl} s`])),
    "\nPolicies",
    policyText(site.policy, locate),
  ];
  if (site.pendingLinks.length > 0) parts.push("\nWaits until the other site is up", table(groupedLinks(site)));
  const missing = site.secrets.filter((secret) => !secret.present);
  if (missing.length > 0) {
    const commands = missing.map((secret) => [
      `pulumi config set -s ${name} --path --secret 'isthmus:secrets.${secret.name}'`,
      `# ${secret.for}`,
    ]);
    parts.push("\nSecrets to set before `up`", table(commands));
  }
  if (site.neverCompared.length > 0)
    parts.push(
      "\nNobody has compared these checksums with their source yet: do it before `up`",
      table(site.neverCompared.map(({ of, digest, source }) => [of, digest, source])),
    );
  if (site.afterwards.length > 0)
    parts.push("\nOnce, after the first `up`", ...site.afterwards.map((line) => `  ${line}`));
  return parts.join("\n");
}

function groupedLinks(site: PreviewedSite): string[][] {
  const services = [...new Set(site.pendingLinks.map((link) => `${link.site} ${link.service}`))];
  return services.map((key) => {
    const items = site.pendingLinks.filter((link) => `${link.site} ${link.service}` === key).map((link) => link.item);
    const [peer = "", service = ""] = key.split(" ");
    return [service, [...new Set(items)].join(", "), `needs ${peer}`];
  });
}
