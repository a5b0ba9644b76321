import { Command, InvalidArgumentError } from "commander";
import { benchPreview, benchText } from "./bench/preview.ts";

interface PreviewOptions {
  readonly nodes: readonly number[];
  readonly rounds: number;
  readonly json?: true;
}

const program = new Command("npm run bench --").description("Measures what Isthmus costs; nothing is deployed.");

program
  .command("preview")
  .description("plan, availability and in-process preview of fleets of several sizes, in fresh processes")
  .option("--nodes <counts>", "machines of each fleet, separated by commas", positives, [6, 60, 300, 1000])
  .option("--rounds <count>", "how often each is measured; the best counts", positive, 3)
  .option("--json", "print one JSON document")
  .action(async ({ nodes, rounds, json }: PreviewOptions) => {
    const result = await benchPreview(nodes, rounds);
    process.stdout.write(`${json ? JSON.stringify(result, null, 2) : benchText(result)}\n`);
  });

function positives(text: string): number[] {
  return text.split(",").map(positive);
}

function positive(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new InvalidArgumentError(`${JSON.stringify(text)} is no whole number above 0.`);
  return number;
}

await program.parseAsync();
