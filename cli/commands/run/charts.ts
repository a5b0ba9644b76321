import { mkdirSync } from "node:fs";
import { UserError } from "@isthmus/core";
import { imageDigests } from "@isthmus/helm";
import { chartsOf } from "../../../plan/chart-mirror.ts";
import type { FleetPlan, SitePlan } from "../../../plan/plans.ts";
import { fleetOrRefuse } from "../../../plan/stack-files.ts";
import { exceptions } from "../../lib/charts/exceptions.ts";
import { Helm } from "../../lib/charts/helm.ts";
import { judge, type Judgement } from "../../lib/charts/judge.ts";
import type { KnownSite } from "../../lib/charts/judged.ts";
import { keepFacts, readKept, staleFacts } from "../../lib/charts/kept.ts";
import { laws } from "../../lib/charts/laws/index.ts";
import { Renderer } from "../../lib/charts/render.ts";
import { judgementText } from "../../lib/charts/report.ts";
import { renderedSite } from "../../lib/charts/site.ts";
import { switches, turned } from "../../lib/charts/switches.ts";
import { kubernetesVersion, pullDefinitions } from "../../lib/charts/validity/schema-file.ts";
import { exitCode, say, UsageError, type ExitCode } from "../../lib/command-line.ts";
import { pinsLine, usedImages } from "../../lib/pins/images.ts";

interface Options {
  readonly config: string;
  readonly sources: string | undefined;
  readonly helm: string;
  readonly pull: boolean;
  readonly write: boolean;
  readonly switches: boolean;
}

export async function charts(options: Options): Promise<ExitCode> {
  const fleet = fleetOrRefuse(options.config);
  const { sources } = options;
  const renderer = sources === undefined ? undefined : await ready(fleet, options, sources);
  const facts = renderer === undefined ? kept(fleet, options) : await rendered(fleet, options, renderer);
  const judgements = fleet.sites.map((plan) => judge(renderedSite(plan, knownOf(facts, plan)), laws, exceptions));
  for (const judgement of judgements) say(judgementText(judgement, laws));
  say(pinsLine(usedImages(fleet, (site) => facts.get(site) ?? nothingKnown, imageDigests)));
  const held = options.switches ? await withSwitches(options, facts, renderer) : true;
  return judgements.every(inOrder) && held ? exitCode.fine : exitCode.finding;
}

/** Exceptions are for the default stacks: one that excuses nothing with a switch turned is none the worse. */
async function withSwitches({ config }: Options, facts: Facts, renderer: Renderer | undefined): Promise<boolean> {
  if (renderer === undefined) throw new UsageError("--switches needs --sources: the folder of the charts");
  let fine = true;
  for (const one of switches) {
    for (const plan of turned(config, one).sites) {
      const known = await renderer.siteBeside(plan, knownOf(facts, plan));
      const judgement = judge(renderedSite(plan, known), laws, exceptions);
      say(`${one.name}: ${judgementText({ ...judgement, idle: [] }, laws)}`);
      fine &&= judgement.breaches.length === 0;
    }
  }
  return fine;
}

const inOrder = ({ breaches, idle }: Judgement): boolean => breaches.length + idle.length === 0;

type Facts = ReadonlyMap<string, KnownSite>;

const knownOf = (facts: Facts, plan: SitePlan): KnownSite => facts.get(plan.facts.name) ?? nothingKnown;

const nothingKnown: KnownSite = { releases: new Map(), own: new Map() };

function kept(fleet: FleetPlan, { config, pull, write }: Options): Facts {
  if (pull || write) throw new UsageError("--pull and --write need --sources: the folder of the charts");
  const found = new Map(fleet.sites.map((plan) => [plan.facts.name, readKept(config, plan.facts.name)]));
  const stale = fleet.sites.flatMap((plan) =>
    staleFacts(plan, knownOf(found, plan)).map((problem) => `  ${plan.facts.name}: ${problem}`),
  );
  if (stale.length > 0) {
    throw new UserError(
      `What is kept of the charts is not of today:\n${stale.join("\n")}\nrender anew: npm run charts -- --sources FOLDER --pull --write`,
    );
  }
  return found;
}

/** Fetches what is asked for first. */
async function ready(fleet: FleetPlan, options: Options, sources: string): Promise<Renderer> {
  const helm = new Helm(options.helm);
  if (options.pull) await pullAll(fleet, helm, sources);
  return new Renderer(sources, helm);
}

async function rendered(fleet: FleetPlan, { config, write }: Options, renderer: Renderer): Promise<Facts> {
  const found = new Map<string, KnownSite>();
  for (const plan of fleet.sites) {
    const known = await renderer.site(plan, readKept(config, plan.facts.name));
    found.set(plan.facts.name, known);
    if (write) keepFacts(config, plan.facts.name, known);
  }
  return found;
}

async function pullAll(fleet: FleetPlan, helm: Helm, sources: string): Promise<void> {
  mkdirSync(sources, { recursive: true });
  for (const chart of chartsOf(fleet)) await helm.pull(chart, sources);
  for (const { facts } of fleet.sites) await pullDefinitions(sources, kubernetesVersion(facts.kubernetes.version));
}
