import { overviewOf, type Assessment, type KindOfFailure } from "@isthmus/availability";
import { definitions, wrapped } from "../terminal/layout.ts";
import type { Style } from "../terminal/style.ts";
import type { PreviewDocument } from "./document.ts";

/** What a reader wants to know first: whether it may be deployed, and what it survives. */
export function verdict(
  { sites }: Pick<PreviewDocument, "sites">,
  assessments: readonly Assessment[],
  style: Style,
): string[] {
  const { ink } = style;
  const broken = Object.entries(sites).flatMap(([name, { policy }]) => {
    const count = policy.failures.filter(({ enforcement }) => enforcement === "mandatory").length;
    return count === 0 ? [] : [`${count} at ${name}`];
  });
  const sizes = Object.entries(sites).map(
    ([name, site]) => `${name}: ${site.resources.length} resources, ${site.releases.length} charts`,
  );
  const headline =
    broken.length === 0
      ? ink.green("✔ Stack files and mandatory policies are in order.")
      : ink.red(`✘ \`pulumi up\` would refuse: mandatory policies are violated (${broken.join(", ")}).`);
  const overview = overviewOf(assessments);
  const services = new Set(assessments.map(({ service }) => service)).size;
  if (overview.length === 0) return wrapped(headline, style);
  return [
    ...wrapped(headline, style),
    ...wrapped(`${sizes.join("; ")}.`, style, { first: "  " }),
    "",
    ink.bold(`What becomes of ${services} services when this is lost`),
    ...definitions(
      overview.map((each) => ({ name: each.lost, text: coloured(each, style) })),
      { ...style, indent: "  " },
    ),
  ];
}

function coloured({ worst, text }: KindOfFailure, { ink }: Style): string {
  if (worst === "manual action") return ink.red(text);
  return worst === "degraded" || worst === "unaffected" ? ink.green(text) : ink.yellow(text);
}
