import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { unique, type ChartPin, type Finding } from "@isthmus/core";
import { parse } from "yaml";
import { fleetFile } from "../config/files.ts";
import type { FleetPlan } from "./plans.ts";
import { defineRule } from "./rules.ts";

const chartMirrorRule = defineRule({
  id: "chart-mirror",
  severity: "high",
  summary: "A folder of packed charts holds every chart of the fleet.",
  fix: "Pull the charts that it lacks into it.",
  docs: "docs/guide/air-gap.md#charts",
});

/** The charts of all releases, each once. */
export function chartsOf({ sites }: Pick<FleetPlan, "sites">): readonly ChartPin[] {
  const charts = sites.flatMap(({ services }) =>
    services.flatMap(({ releases }) => releases.map(({ chart }) => chart)),
  );
  const firsts = new Map(charts.map((chart) => [`${chart.repository} ${chart.name} ${chart.version}`, chart]));
  return [...firsts.values()];
}

/**
 * A folder of packed charts has to hold every chart of the fleet: one that is not there, or is another one, would be
 * found by Helm when machines and cluster stand already. Reads files only where `chartMirror` is a folder.
 */
export function checkChartMirror(fleet: FleetPlan, directory: string): readonly Finding[] {
  const mirror = fleet.model.fleet.chartMirror;
  if (mirror === undefined || mirror.startsWith("oci://")) return [];
  const folder = resolve(directory, mirror);
  const finding = (problem: string, fix: string): readonly Finding[] => [
    { rule: chartMirrorRule.id, at: `${fleetFile}#/chartMirror`, problem, fix },
  ];
  if (!existsSync(folder))
    return finding(
      `there is no folder "${mirror}"`,
      "make it and put the packed charts into it, or take chartMirror out",
    );
  const faults = chartsOf(fleet).flatMap((chart) => faultOf(chart, folder));
  if (faults.length === 0) return [];
  const told = faults.map(({ file, problem }) => `${file}: ${problem}`);
  const pulls = unique(faults.map(({ pull }) => `${pull} -d ${mirror}`));
  return finding(`the folder lacks charts of this fleet: ${told.join("; ")}`, `get them: ${pulls.join("; ")}`);
}

interface Fault {
  readonly file: string;
  readonly problem: string;
  readonly pull: string;
}

function faultOf(chart: ChartPin, folder: string): readonly Fault[] {
  const file = `${chart.name}-${chart.version}.tgz`;
  const from = chart.repository.startsWith("oci://") ? chart.repository : `${chart.name} --repo ${chart.repository}`;
  const fault = (problem: string): readonly Fault[] => [
    { file, problem, pull: `helm pull ${from} --version ${chart.version}` },
  ];
  const path = resolve(folder, file);
  if (!existsSync(path)) return fault("not there");
  const held = chartIn(path);
  if (held === undefined) return fault("no packed chart");
  if (held.name === chart.name && withoutV(held.version) === withoutV(chart.version)) return [];
  return fault(`holds ${held.name} ${held.version}`);
}

/** Helm reads `v1.2.3` and `1.2.3` as the same version. Source: github.com/Masterminds/semver (`NewVersion`). */
export const withoutV = (version: string): string => version.replace(/^v/, "");

/** What a packed chart says that it is; undefined: it is none, or was cut off. */
export function chartIn(path: string): { readonly name: string; readonly version: string } | undefined {
  try {
    const manifest = fileInTar(gunzipSync(readFileSync(path)), /^[^/]+\/Chart\.yaml$/);
    const { name, version } = parse(manifest ?? "") as { name?: unknown; version?: unknown };
    return typeof name === "string" && typeof version === "string" ? { name, version } : undefined;
  } catch {
    return undefined;
  }
}

const blockSize = 512;

/** The text of the first file with such a name. Source of the layout: POSIX ustar, https://www.gnu.org/software/tar/manual/html_node/Standard.html */
function fileInTar(tar: Buffer, name: RegExp): string | undefined {
  const field = (at: number, length: number): string => tar.toString("latin1", at, at + length).split("\0")[0] ?? "";
  for (let at = 0; at + blockSize <= tar.length && tar[at] !== 0;) {
    const size = Number.parseInt(field(at + 124, 12), 8);
    if (!Number.isSafeInteger(size) || size < 0) return undefined;
    const content = at + blockSize;
    if (name.test(field(at, 100))) return tar.toString("utf8", content, content + size);
    at = content + Math.ceil(size / blockSize) * blockSize;
  }
  return undefined;
}
