import { severities, type Risk, type Severity } from "@isthmus/availability";
import { unique } from "@isthmus/core";
import { definitions, stepLines, wrapped } from "../terminal/layout.ts";
import type { Style } from "../terminal/style.ts";

const titles: Readonly<Record<Severity, string>> = {
  "manual action": "Down until somebody acts",
  down: "Down for a while, then back without manual action",
  "read-only": "Read-only for a while, then back without manual action",
  degraded: "Degraded: it serves, with less redundancy; repair or replace what is lost",
};

/** What failures do, worst first. `atEnd`: steps that are told at the end. */
export function atRisk(risks: readonly Risk[], style: Style, atEnd: readonly string[] = []): string[] {
  const seen: Seen = new Map(atEnd.map((step) => [step, "at the end"]));
  return severities.flatMap((severity) => {
    const own = risks.filter((risk) => risk.severity === severity);
    if (own.length === 0) return [];
    const colour =
      severity === "manual action" ? style.ink.red : severity === "degraded" ? style.ink.cyan : style.ink.yellow;
    const whens = unique(own.map(({ when }) => when));
    return [
      "",
      ...wrapped(style.ink.bold(colour(titles[severity])), style),
      ...whens.flatMap((when) => {
        const risksThen = own.filter((risk) => risk.when === when);
        return [
          ...wrapped(style.ink.bold(capital(when)), style, { first: "  " }),
          ...ofFailure(risksThen, style, seen),
        ];
      }),
    ];
  });
}

/** Where steps are told. */
type Seen = Map<string, "at the end" | "above">;

function ofFailure(risks: readonly Risk[], style: Style, seen: Seen): string[] {
  if (risks[0]?.severity === "manual action") return risks.flatMap((risk) => manual(risk, style, seen));
  const rows = risks.map(({ services, verdict, why }) => ({
    name: services.join(", "),
    text: `${shortly(verdict)}${why}`,
  }));
  const data = risks.flatMap((risk) => risk.data);
  return [...definitions(rows, { ...style, indent: "    " }), ...lost(data, style)];
}

/** The heading says the first state. */
const shortly = (verdict: string): string => {
  const later = verdict.replace(/^[a-z-]+(?:, )?/, "");
  return later === "" ? "" : `${later}: `;
};

function manual({ services, why, steps, data }: Risk, style: Style, seen: Seen): string[] {
  const fresh = steps.filter(({ step }) => !seen.has(step));
  const again = (["above", "at the end"] as const).flatMap((place) => {
    const known = steps.filter(({ step }) => seen.get(step) === place);
    const who = unique(known.flatMap((each) => each.services ?? services)).join(", ");
    if (known.length === 0) return [];
    return [
      `${known.length === 1 ? "the step" : `the ${known.length} steps`} for ${who} that ${known.length === 1 ? "is" : "are"} told ${place}`,
    ];
  });
  for (const { step } of fresh) seen.set(step, "above");
  const lines = [
    ...fresh.map(({ step, services: only }) => (only === undefined ? step : `${only.join(", ")}: ${step}`)),
    ...again,
  ];
  return [
    ...wrapped(`${services.join(", ")}: ${why}`, style, { first: "    " }),
    ...lines.flatMap((step, place) => stepLines(step, style, { first: `      ${place + 1}. ` })),
    ...lost(data, style),
  ];
}

/** Said of the disks in each text; where it is the same in all of them, once above them. */
const goneDisks = / if (the [\w' ]+? disks) are gone for good/;

function lost(data: Risk["data"], style: Style): string[] {
  if (data.length === 0) return [];
  const condition = goneDisks.exec(data[0]?.what ?? "")?.[0] ?? "";
  const shared = data.every(({ what }) => what.includes(condition)) ? condition : "";
  return [
    ...wrapped(`${style.ink.bold("What may be lost")}${shared}`, style, { first: "    " }),
    ...definitions(
      data.map(({ service, what }) => ({ name: service, text: shared === "" ? what : what.replaceAll(shared, "") })),
      { ...style, indent: "      " },
    ),
  ];
}

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
