import type { ChartPin } from "@isthmus/core";
import { chartSource } from "@isthmus/helm";
import { chartsOf } from "../../../plan/chart-mirror.ts";
import type { Fetch } from "../registry/ask.ts";
import type { Answer } from "./answer.ts";
import type { Check, CheckResult, DoctorFinding } from "./check.ts";
import { askHelmRepository } from "./helm-repository.ts";
import { askOciRegistry } from "./oci-registry.ts";

/** Asks each repository, or the mirror, whether it has each chart of the planned releases in its version. */
export const chartRepositories: Check = {
  name: "charts",
  ask: async (plan) => askForCharts(chartsOf(plan), plan.model.fleet.chartMirror, fetchWithin),
};

const answerWithinMilliseconds = 20_000;

const fetchWithin: Fetch = (url, options) =>
  fetch(url, { ...options, signal: AbortSignal.timeout(answerWithinMilliseconds) });

export async function askForCharts(
  charts: readonly ChartPin[],
  mirror: string | undefined,
  get: Fetch,
): Promise<CheckResult> {
  const where = mirror === undefined ? "their repositories" : mirror;
  const fine = `${String(charts.length)} charts can be had from ${where}`;
  // A folder was read by the plan: it is not a repository that answers.
  if (mirror !== undefined && !mirror.startsWith("oci://")) return { fine, findings: [] };
  const asked = new Map<string, Promise<Response>>();
  const once: Fetch = async (url, options) => {
    if (options !== undefined) return get(url, options);
    const first = asked.get(url) ?? get(url);
    asked.set(url, first);
    return (await first).clone();
  };
  const answers = await Promise.all(
    charts.map(async (chart) => ({ chart, answer: await askFor(chart, mirror, once) })),
  );
  const bad = answers.flatMap(({ chart, answer }) => (answer === undefined ? [] : [{ chart, answer }]));
  if (bad.length > 0 && bad.length === charts.length && bad.every(({ answer }) => answer.unreached))
    return { fine, findings: [], missing: noWayOut(bad.map(({ answer }) => answer.problem)) };
  return { fine, findings: bad.map(({ chart, answer }) => findingOf(chart, answer.problem, mirror)) };
}

async function askFor(chart: ChartPin, mirror: string | undefined, get: Fetch): Promise<Answer> {
  const source = chartSource(chart, mirror);
  try {
    if (source.repositoryOpts === undefined) return await askOciRegistry(source.chart, chart.version, get);
    return await askHelmRepository(source.repositoryOpts.repo, chart, get);
  } catch (error) {
    return { problem: `does not answer: ${causeOf(error)}`, unreached: true };
  }
}

/** `fetch failed` says nothing; what it is stands in its cause. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}

const noWayOut = (problems: readonly string[]): string =>
  `none of the places that charts come from was reached (${problems[0] ?? ""}): connect this computer to them, or set chartMirror`;

function findingOf(chart: ChartPin, problem: string, mirror: string | undefined): DoctorFinding {
  const { chart: reference, repositoryOpts } = chartSource(chart, mirror);
  const fix =
    mirror === undefined
      ? "wait until it answers, or keep copies of the charts and set chartMirror in Pulumi.yaml (docs/guide/air-gap.md)"
      : `put it there: helm pull the chart and helm push ${chart.name}-${chart.version}.tgz ${mirror}`;
  return { what: `${chart.name} ${chart.version} from ${repositoryOpts?.repo ?? reference}`, problem, fix };
}
