import type { ChartPin } from "@isthmus/core";

/** Where charts come from instead of their own repositories: `oci://registry/path`, or a folder of packed charts. */
export type ChartMirror = string;

/** How Helm is told where a chart is. A folder of packed charts needs no repository. */
export function chartSource(
  chart: ChartPin,
  mirror?: ChartMirror,
): { chart: string; repositoryOpts?: { repo: string } } {
  if (mirror === undefined) {
    return chart.repository.startsWith("oci://")
      ? { chart: chart.repository }
      : { chart: chart.name, repositoryOpts: { repo: chart.repository } };
  }
  const base = mirror.replace(/\/+$/, "");
  return { chart: base.startsWith("oci://") ? `${base}/${chart.name}` : `${base}/${chart.name}-${chart.version}.tgz` };
}
