import { below, quote, unique, type ChartPin, type Finding } from "@isthmus/core";
import { knownVersions } from "@isthmus/k3s";
import satisfies from "semver/functions/satisfies.js";
import type { SiteModel } from "../../config/load.ts";
import { defineRule } from "../rules.ts";
import type { ServicePlan } from "../service-plans.ts";

const k3sVersionRule = defineRule({
  id: "k3s-version",
  severity: "high",
  summary: "The version of k3s is one that this release and every chart of the site take.",
  fix: "Write a version that all of them take.",
  docs: "docs/reference/site.md#kubernetes",
});

/** A version of k3s is one that our own configuration is made for, and that every chart of the site takes. */
export function checkK3sVersion(
  { kubernetes: { version }, from }: Pick<SiteModel, "kubernetes" | "from">,
  services: readonly Pick<ServicePlan, "releases">[],
): Finding[] {
  const charts = unique(services.flatMap(({ releases }) => releases.map(({ chart }) => chart)));
  const refusing = charts.filter(({ kubeVersion = "*" }) => !takes(kubeVersion, version));
  const known = takes(knownVersions.range, version);
  if (known && refusing.length === 0) return [];
  const { oldest, newest } = knownVersions;
  const reasons = [
    ...(known ? [] : [`this release supports k3s ${oldest} to ${newest}`]),
    ...refusing.map((chart) => `${chart.name} ${chart.version} takes Kubernetes ${chart.kubeVersion ?? ""}`),
  ];
  return [
    {
      rule: k3sVersionRule.id,
      at: below(from, "kubernetes", "version"),
      problem: `${quote(version)} does not fit: ${reasons.join("; ")}`,
      fix: known ? fixForCharts(refusing) : fixForUs(version),
    },
  ];
}

/** As Helm compares: https://helm.sh/docs/topics/charts/#the-kubeversion-field. What stands after + says nothing. */
const takes = (range: string, version: string): boolean => satisfies(version, range, { includePrerelease: true });

const fixForUs = (version: string): string =>
  takes(`<${knownVersions.oldest.slice(1)}`, version)
    ? `write one from ${knownVersions.oldest} on; a cluster that runs with an older one goes there by its own means, one minor version at a time, before it is taken over`
    : `write one of ${knownVersions.newest} or before, or use a release of Isthmus that knows it: there is no way back from a version`;

const fixForCharts = (charts: readonly ChartPin[]): string =>
  `write a version that is in ${unique(charts.flatMap(({ kubeVersion }) => kubeVersion ?? [])).join(" and in ")}`;
