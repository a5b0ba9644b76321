import { paragraphs, type Assessment } from "@isthmus/availability";
import type { Topology } from "@isthmus/core";
import type { SitePlan } from "../../../plan/plans.ts";
import { ruleRows, type Locate } from "../../../policy/report.ts";
import { definitions, table, wrapped } from "../terminal/layout.ts";
import type { Style } from "../terminal/style.ts";
import { budgetTable, diskTable, snapshotNotes } from "./budget-text.ts";
import type { PreviewedSite } from "./document.ts";
import { tree } from "./tree.ts";

interface Whole {
  readonly name: string;
  readonly site: PreviewedSite;
  readonly plan: SitePlan | undefined;
  readonly locate: Locate;
  readonly all: boolean;
  readonly tree: boolean;
  readonly style: Style;
}

/** Everything of one site, as tables. */
export function allOfSite({ name, site, plan, all, tree: every, style }: Whole): string[] {
  const part = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ["", style.ink.bold(`${name}: ${title}`), ...lines];
  const resources = part(
    `${site.resources.length} resources, ${site.releases.length} charts`,
    wrappedTree(site, every, style),
  );
  if (!all) return resources;
  const notes = plan === undefined ? [] : snapshotNotes(plan).flatMap((note) => wrapped(note, style, { first: "  " }));
  return [
    ...resources,
    ...part("memory and CPU of each node", budgetTable(site.budgets.nodes, style)),
    ...part("volumes on the disks of each node", [...diskTable(site.budgets.disks, style), ...notes]),
    ...part(
      "DNS",
      table(
        site.dnsRecords.map((record) => [record.name, record.type, record.value, `${record.ttl} s`]),
        style,
      ),
    ),
    ...part("policies", table(ruleRows(site.policy), style)),
    ...part("waits until the other site is up", table(groupedLinks(site), style)),
  ];
}

function wrappedTree(site: PreviewedSite, every: boolean, style: Style): string[] {
  return tree(site, every)
    .split("\n")
    .flatMap((line) => {
      const text = line.trimStart();
      const indent = line.slice(0, line.length - text.length);
      return wrapped(text, style, { first: indent, rest: `${indent}    ` });
    });
}

function groupedLinks(site: PreviewedSite): string[][] {
  const services = [...new Set(site.pendingLinks.map((link) => `${link.site} ${link.service}`))];
  return services.map((key) => {
    const items = site.pendingLinks.filter((link) => `${link.site} ${link.service}` === key).map((link) => link.item);
    const [peer = "", service = ""] = key.split(" ");
    return [service, `needs ${peer}`, [...new Set(items)].join(", ")];
  });
}

/** Each failure with all that it does. */
export function allOfFailures(assessments: readonly Assessment[], topology: Topology, style: Style): string[] {
  return paragraphs(assessments, topology).flatMap(({ title, rows }) => [
    "",
    ...wrapped(style.ink.bold(title), style),
    ...definitions(
      rows.map(({ services, text }) => ({ name: services.join(", "), text })),
      { ...style, indent: "  " },
    ),
  ]);
}
