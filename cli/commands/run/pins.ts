import { imageDigests } from "@isthmus/helm";
import { fleetOrRefuse } from "../../../plan/stack-files.ts";
import { readKept } from "../../lib/charts/kept.ts";
import { exitCode, say, type ExitCode } from "../../lib/command-line.ts";
import { pinsLine, usedImages } from "../../lib/pins/images.ts";
import { outcomeOf, outcomesText, pinsText, type Outcome } from "../../lib/pins/resolved.ts";
import { overTheNet, resolveImage } from "../../lib/registry/resolve.ts";

interface Options {
  readonly config: string;
  readonly resolve: boolean;
  readonly check: boolean;
}

export async function pins({ config, resolve, check }: Options): Promise<ExitCode> {
  const images = usedImages(fleetOrRefuse(config), (site) => readKept(config, site), imageDigests);
  if (!resolve && !check) {
    say(`${pinsText(images)}\n${pinsLine(images)}`);
    return exitCode.fine;
  }
  const today = new Date().toISOString().slice(0, "2026-11-28".length);
  const outcomes: Outcome[] = [];
  // One after the other: registries count questions.
  for (const one of images.filter(({ pin }) => resolve || pin !== undefined))
    outcomes.push(outcomeOf(one, await resolveImage(one.image, overTheNet), today));
  const wrong = outcomes.filter(({ problem }) => problem !== undefined);
  say(outcomesText(resolve ? outcomes : wrong));
  say(
    `${String(outcomes.length - wrong.length)} of ${String(outcomes.length)} images are as they should be; ${pinsLine(images)}`,
  );
  return wrong.length === 0 ? exitCode.fine : exitCode.finding;
}
