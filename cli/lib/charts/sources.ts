import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { UserError, type ChartPin } from "@isthmus/core";
import { parse } from "yaml";
import { z } from "zod";
import { withoutV } from "../../../plan/chart-mirror.ts";

/** Which files a chart was rendered from. */
export interface ChartSource {
  readonly name: string;
  readonly version: string;
  /** SHA-256 over its templates, values, schema and CRDs: paths and contents. */
  readonly tree: string;
  readonly subcharts: Readonly<Record<string, { readonly version: string; readonly tree: string }>>;
}

const chartFile = z.looseObject({ name: z.string(), version: z.string() });

/** The folder of a chart below `sources`, seen to be that of the pin. */
export function chartFolder(sources: string, pin: ChartPin): string {
  const folder = join(sources, pin.name);
  if (!existsSync(join(folder, "Chart.yaml"))) {
    throw new UserError(
      `${folder} holds no chart: unpack ${pin.name} ${pin.version} there (helm pull --untar), or let --pull fetch all of them`,
    );
  }
  const { version } = readChart(folder);
  if (withoutV(version) !== withoutV(pin.version)) {
    throw new UserError(`${folder} is ${pin.name} ${version}, and the pin is ${pin.version}: replace it`);
  }
  return folder;
}

/** What a folder of a chart holds. */
export function chartSource(folder: string): ChartSource {
  const { name, version } = readChart(folder);
  const below = join(folder, "charts");
  const names = existsSync(below) ? readdirSync(below).filter((one) => existsSync(join(below, one, "Chart.yaml"))) : [];
  const subcharts = names.sort().map((one) => {
    const subchart = join(below, one);
    return [one, { version: readChart(subchart).version, tree: treeHash(subchart) }] as const;
  });
  return { name, version, tree: treeHash(folder), subcharts: Object.fromEntries(subcharts) };
}

function readChart(folder: string): z.infer<typeof chartFile> {
  return chartFile.parse(parse(readFileSync(join(folder, "Chart.yaml"), "utf8")));
}

/** Documentation and the chart's own tests render nothing, and packed charts come without some of it. */
const rendered = /^(Chart\.yaml|values\.yaml|values\.schema\.json|templates\/.+|crds\/.+|files\/.+)$/;

function treeHash(folder: string): string {
  const hash = createHash("sha256");
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => rendered.test(path))
    .sort();
  for (const path of files)
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(folder, path)))
      .update("\0");
  return hash.digest("hex");
}
