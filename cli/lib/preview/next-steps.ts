import { readStep } from "@isthmus/availability";
import { unique, type Topology } from "@isthmus/core";
import type { Locate } from "../../../policy/report.ts";
import { violations } from "../../../policy/report.ts";
import { stepLines, wrapped } from "../terminal/layout.ts";
import type { Style } from "../terminal/style.ts";
import { inCommon, readsAlike } from "./common.ts";
import type { PreviewDocument, PreviewedSite } from "./document.ts";

type Sites = PreviewDocument["sites"];
interface Context {
  readonly sites: Sites;
  readonly topology: Topology;
  readonly style: Style;
  readonly locate: Locate;
}

/** What a person does now, in this order; each with the commands as they are typed. */
export function nextSteps(context: Context): string[] {
  const { style } = context;
  const steps = [fixes(context), secrets(context), checksums(context), preparation(context), ups(context)].filter(
    ({ length }) => length > 0,
  );
  const numbered = steps.flatMap(([title = "", ...lines], place) => [
    ...wrapped(style.ink.bold(title), style, { first: `${String(place + 1).padStart(2)}. ` }),
    ...lines,
  ]);
  return [style.ink.bold("Next steps"), ...numbered];
}

const inner = "    ";

function fixes({ sites, style, locate }: Context): string[] {
  const mandatory = Object.values(sites).flatMap(({ policy }) =>
    violations({ failures: policy.failures.filter(({ enforcement }) => enforcement === "mandatory") }, locate),
  );
  if (mandatory.length === 0) return [];
  return [
    "Fix what violates mandatory policies",
    ...mandatory.flatMap(({ what, fix }) => [
      ...wrapped(what, style, { first: inner, rest: `${inner}  ` }),
      ...wrapped(fix, style, { first: `${inner}  ` }),
    ]),
  ];
}

function secrets({ sites, topology, style }: Context): string[] {
  const perSite = mapSites(sites, (site, name) =>
    site.secrets
      .filter(({ present }) => !present)
      .map(
        (secret) => `pulumi config set -s ${name} --path --secret 'isthmus:secrets.${secret.name}'   # ${secret.for}`,
      ),
  );
  const common = inCommon(perSite, topology);
  if (common.length === 0) return [];
  const groups = unique(common.map((each) => each.sites.join(" "))).map((key) =>
    common.filter((each) => each.sites.join(" ") === key),
  );
  const lines = groups.flatMap((group) => {
    const [first = "", ...others] = group[0]?.sites ?? [];
    const also =
      others.length === 0
        ? []
        : [`${first} here; the same with ${others.map((other) => `-s ${other}`).join(", and with ")}:`];
    return [
      ...also.flatMap((text) => wrapped(text, style, { first: inner })),
      ...group.flatMap(({ line }) => stepLines(line, style, { first: inner })),
    ];
  });
  return ["Set the secrets that are missing", ...lines];
}

function checksums({ sites, style }: Context): string[] {
  const all = Object.values(sites).flatMap(({ neverCompared }) => neverCompared);
  const once = all.filter(
    ({ of, digest }, place) => all.findIndex((each) => each.of === of && each.digest === digest) === place,
  );
  if (once.length === 0) return [];
  return [
    "Compare checksums with their source: nobody has yet",
    ...once.flatMap(({ of, digest, source }) => [
      ...wrapped(`${of}:`, style, { first: inner }),
      `${inner}  ${digest}`,
      `${inner}  ${source}`,
    ]),
  ];
}

function ups({ sites, style }: Context): string[] {
  const names = Object.keys(sites);
  const [first = ""] = names;
  const waiting = unique((sites[first]?.pendingLinks ?? []).map(({ service }) => service));
  const more = names.length > 1 && waiting.length > 0;
  const why = `what waits for the other site: ${waiting.join(", ")}`;
  return [
    "Deploy",
    ...names.flatMap((name) => stepLines(`pulumi up -s ${name}`, style, { first: inner })),
    ...(more ? stepLines(`pulumi up -s ${first}   # once more, for ${why}`, style, { first: inner }) : []),
    ...(Object.values(sites).some((site) => site.afterwards.length > 0)
      ? wrapped("Then what stands at the end, once.", style, { first: inner })
      : []),
    ...(waiting.length > 0 && names.length === 1
      ? wrapped(`Again when the other site is up, for ${why}`, style, { first: inner })
      : []),
  ];
}

/** How services say that something is done beforehand. */
const beforehand = /^before the first up: /;

/** What hosts need before anything is deployed. */
function preparation({ sites, topology, style }: Context): string[] {
  const common = inCommon(
    mapSites(sites, ({ afterwards }) =>
      afterwards.filter((line) => beforehand.test(line)).map((line) => line.replace(beforehand, "")),
    ),
    topology,
  );
  if (common.length === 0) return [];
  return ["Prepare the hosts", ...common.flatMap(({ line }) => stepLines(line, style, { first: inner }))];
}

/** What comes once, after everything else. */
export function afterFirstUp({ sites, topology, style }: Omit<Context, "locate">): string[] {
  const common = inCommon(
    mapSites(sites, ({ afterwards }) => afterwards.filter((line) => !beforehand.test(line))),
    topology,
  );
  if (common.length === 0) return [];
  const count = Object.keys(sites).length;
  const steps = common.map((each) => {
    const text = each.sites.length === count ? readsAlike(each, topology) : undefined;
    return text ?? `${each.sites.join(", ")}: ${each.line}`;
  });
  return [
    "",
    style.ink.bold(count > 1 ? "Once at each site, after its first `up`" : "Once, after the first `up`"),
    ...listOfSteps(steps, style),
  ];
}

/** Steps below one another; a note that is that of the step before is not said again. */
function listOfSteps(steps: readonly string[], style: Style): string[] {
  return steps.flatMap((step, place) => {
    const { words, command, note } = readStep(step);
    const before = readStep(steps[place - 1] ?? "");
    const again = note !== undefined && note === before.note;
    const text = again ? `${words === undefined ? "" : `${words}: `}${command ?? ""}` : step;
    return stepLines(text, style, { first: "  " });
  });
}

function mapSites(
  sites: Sites,
  lines: (site: PreviewedSite, name: string) => readonly string[],
): Record<string, readonly string[]> {
  return Object.fromEntries(Object.entries(sites).map(([name, site]) => [name, lines(site, name)]));
}
