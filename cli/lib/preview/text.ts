import { risksOf } from "@isthmus/availability";
import { splitSourcePath, type SourcePath, type Topology } from "@isthmus/core";
import type { Sources } from "../../../config/sources.ts";
import type { FleetPlan } from "../../../plan/plans.ts";
import { violations, type Locate } from "../../../policy/report.ts";
import { wrapped } from "../terminal/layout.ts";
import type { Style } from "../terminal/style.ts";
import { atRisk } from "./at-risk.ts";
import { fullest, roomWarnings } from "./budget-text.ts";
import { inCommon, readsAlike } from "./common.ts";
import type { PreviewDocument, PreviewedSite } from "./document.ts";
import { afterFirstUp, nextSteps } from "./next-steps.ts";
import { verdict } from "./verdict.ts";
import { allOfFailures, allOfSite } from "./whole.ts";

export interface TextOptions {
  readonly style: Style;
  /** Whole tables, and each failure in full. */
  readonly all?: boolean;
  /** Every resource. */
  readonly tree?: boolean;
}

/** The preview for people: what matters first, what sites have in common once. */
export function previewText(document: PreviewDocument, fleet: FleetPlan, options: TextOptions): string {
  const { style, all = false, tree = false } = options;
  const { sites } = document;
  const { topology } = fleet.footprint;
  const locate = locator(fleet.model.sources);
  const names = Object.keys(sites);
  const assessments = fleet.assessments.filter(({ service }) => names.some((name) => service.startsWith(`${name}/`)));
  const atEnd = Object.values(sites).flatMap(({ afterwards }) => afterwards);
  const planOf = (name: string) => fleet.sites.find(({ facts }) => facts.name === name);
  const whole = Object.entries(sites).flatMap(([name, site]) =>
    all || tree ? allOfSite({ name, site, plan: planOf(name), locate, all, tree, style }) : [],
  );
  return [
    ...verdict({ sites }, assessments, style),
    "",
    ...nextSteps({ sites, topology, style, locate }),
    ...advice(sites, locate, style),
    ...atRisk(risksOf(assessments, topology), style, atEnd),
    ...room(fleet, document, style),
    "",
    ...inOrder({ sites, topology }, style),
    ...afterFirstUp({ sites, topology, style }),
    ...whole,
    ...(all ? allOfFailures(assessments, topology, style) : []),
    ...(all
      ? []
      : [
          "",
          ...wrapped(
            style.ink.dim(
              "More: --all for whole tables and each failure in full, --tree for every resource, --json for programs.",
            ),
            style,
          ),
        ]),
  ].join("\n");
}

export function locator(sources: Sources): Locate {
  return (from: SourcePath) => ({ file: splitSourcePath(from).file, line: sources.line(from) });
}

type Sites = Readonly<Record<string, PreviewedSite>>;

/** Violations that stop nothing. */
function advice(sites: Sites, locate: Locate, style: Style): string[] {
  const lines = Object.values(sites).flatMap(({ policy }) => {
    const failures = policy.failures.filter(({ enforcement }) => enforcement === "advisory");
    return violations({ failures }, locate).flatMap(({ what, fix }) => [
      ...wrapped(what, style, { first: "  ", rest: "    " }),
      ...wrapped(fix, style, { first: "    " }),
    ]);
  });
  return lines.length === 0 ? [] : ["", style.ink.bold(style.ink.yellow("Advisory policies are violated")), ...lines];
}

/** What finds no place when a host is lost. */
function room(fleet: FleetPlan, { sites }: PreviewDocument, style: Style): string[] {
  const { topology } = fleet.footprint;
  const perSite = Object.entries(sites).map(([name, { budgets }]): [string, string[]] => {
    return [
      name,
      roomWarnings(
        budgets,
        fleet.sites.find(({ facts }) => facts.name === name),
      ),
    ];
  });
  const lines = said(perSite, topology).flatMap((line) => wrapped(line, style, { first: "  " }));
  return lines.length === 0 ? [] : ["", style.ink.bold(style.ink.yellow("Room")), ...lines];
}

/** Sentences of sites, with the site's name where it is not that of all. */
function said(perSite: readonly (readonly [string, readonly string[]])[], topology: Topology): string[] {
  return inCommon(Object.fromEntries(perSite), topology).map((common) => {
    const everywhere = common.sites.length === perSite.length;
    const text = readsAlike(common, topology) ?? common.line;
    return everywhere ? text : `${common.sites.join(", ")}: ${text}`;
  });
}

/** What is as it should be, in a line. */
function inOrder({ sites, topology }: { readonly sites: Sites; readonly topology: Topology }, style: Style): string[] {
  const perSite = Object.entries(sites).map(([name, { policy, dnsRecords, budgets }]): [string, string[]] => {
    const kept = policy.rules.filter(
      ({ counts, enforcement }) => counts.fail === 0 && enforcement !== "disabled",
    ).length;
    const names = new Set(dnsRecords.map((record) => record.name)).size;
    return [
      name,
      [[`${kept} of ${policy.rules.length} policies kept`, `${names} DNS names`, ...fullest(budgets)].join("; ")],
    ];
  });
  return said(perSite, topology).flatMap((line) => wrapped(line, style, { first: `${style.ink.bold("In order")}  ` }));
}
