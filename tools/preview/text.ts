import { toText as availabilityText, type NodeBudget } from "@isthmus/availability";
import { formatMebibytes, formatMillicores, type SourcePath } from "@isthmus/core";
import type { Sources } from "../../config/sources.ts";
import { splitSourcePath } from "@isthmus/core";
import type { FleetPlan } from "../../plan/plans.ts";
import { toText as policyText, type Locate } from "../../policy/report.ts";
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
  const sites = Object.entries(document.sites).map(([name, site]) => siteText({ name, site, locate, options }));
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
  locate,
  options,
}: {
  name: string;
  site: PreviewedSite;
  locate: Locate;
  options: TextOptions;
}): string {
  const parts = [
    heading(`${name}: ${site.resources.length} resources, ${site.releases.length} charts`),
    tree(site, options.wholeTree),
    "\nMemory and CPU of each node",
    budgetTable(site.budgets.nodes),
    ...budgetWarnings(site),
    ...diskLines(site),
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

function budgetTable(nodes: readonly NodeBudget[]): string {
  const asked = (node: NodeBudget, what: "memory" | "cpu"): number =>
    node.reserved[what] + node.fixed[what] + node.share[what];
  const rows = nodes.map((node) => [
    node.node,
    `${formatMebibytes(asked(node, "memory"))} of ${formatMebibytes(node.capacity.memory)}`,
    bar(asked(node, "memory") / node.capacity.memory),
    `${formatMillicores(asked(node, "cpu"))} of ${formatMillicores(node.capacity.cpu)} cores`,
    bar(asked(node, "cpu") / node.capacity.cpu),
  ]);
  return table(rows);
}

function diskLines({ budgets: { disks, volumes } }: PreviewedSite): string[] {
  const rows = disks.map(({ node, mountPath, asked, forVolumes, uses }) => [
    node,
    mountPath,
    `${formatMebibytes(asked)} of ${formatMebibytes(forVolumes)}`,
    bar(asked / forVolumes),
    uses
      .slice(0, 3)
      .map(({ service, size }) => `${service.split("/").at(-1) ?? service} ${formatMebibytes(size)}`)
      .join(", "),
  ]);
  const unknown = volumes.notStated.length === 0 ? [] : [`  ${notJudged(volumes.notStated)}`];
  const short = volumes.afterLossOf
    .filter(({ unplaced }) => unplaced.some(({ because }) => because === "no room"))
    .map(({ host }) => `  Without ${host} lost copies of volumes find no room on the other disks.`);
  if (rows.length + unknown.length === 0) return [];
  return ["\nVolumes on the disks of each node", ...(rows.length === 0 ? [] : [table(rows)]), ...unknown, ...short];
}

const notJudged = (nodes: readonly string[]): string =>
  `Not judged: the size of the disk for volumes is not stated for ${nodes.join(", ")} (disk, or data.size).`;

const bar = (share: number): string => "█".repeat(Math.min(10, Math.round(share * 10))).padEnd(10, "░");

/** What the loss of a host leaves without a node, once for all hosts of which the same is true. */
function budgetWarnings({ budgets }: PreviewedSite): string[] {
  const said = budgets.site.afterLossOf
    .filter(({ homeless }) => homeless.length > 0)
    .map(({ host, homeless }) => ({
      host,
      who: homeless
        .map(({ service, workload, members, because }) => {
          const reason = because === "no room" ? "for want of room" : "as members keep apart";
          return `${members} ${workload} of ${service.split("/").at(-1) ?? service} (${reason})`;
        })
        .join(", "),
    }));
  return [...new Set(said.map(({ who }) => who))].map((who) => {
    const hosts = said.filter((one) => one.who === who).map(({ host }) => host);
    return `  Without ${hosts.join(" or ")} these find no other node: ${who}.`;
  });
}
