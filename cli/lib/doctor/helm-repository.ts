import type { ChartPin } from "@isthmus/core";
import { parse } from "yaml";
import { z } from "zod";
import type { Fetch } from "../registry/ask.ts";
import type { Answer } from "./answer.ts";

/** https://helm.sh/docs/topics/chart_repository/#the-index-file */
const index = z.object({ entries: z.record(z.string(), z.array(z.object({ version: z.string() }))) });

/** Reads the index that Helm reads. */
export async function askHelmRepository(repository: string, chart: ChartPin, get: Fetch): Promise<Answer> {
  const url = `${repository.replace(/\/+$/, "")}/index.yaml`;
  const response = await get(url);
  if (!response.ok) return { problem: `${url} answers ${String(response.status)}` };
  const read = index.safeParse(parsed(await response.text()));
  if (!read.success) return { problem: `${url} is no index of charts` };
  const versions = read.data.entries[chart.name];
  if (versions === undefined) return { problem: "the repository has no such chart" };
  if (versions.some(({ version }) => version === chart.version)) return undefined;
  const newest = versions.slice(0, 3).map(({ version }) => version);
  return { problem: `the repository does not have that version; its first ones are ${newest.join(", ")}` };
}

function parsed(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
