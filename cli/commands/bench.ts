import { Command, InvalidArgumentError } from "commander";
import { benchPreview, benchText } from "../../tools/bench/preview.ts";
import { exitCode, runCommand } from "../lib/command-line.ts";

interface BootstrapOptions {
  readonly rounds: number;
  readonly json?: true;
  readonly check?: true;
}

interface PreviewOptions {
  readonly nodes: readonly number[];
  readonly rounds: number;
  readonly json?: true;
}

const program = new Command("npm run bench --").description("Measures what Isthmus costs.");

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

program
  .command("bootstrap")
  .description("clusters on test hosts (Linux, root, pulumi on PATH) against the plainest script; takes minutes")
  .option("--rounds <count>", "how often each way is gone, in turn; the best counts", positive, 3)
  .option("--json", "print one JSON document: {rounds, figures, ratios, targets, met}")
  .option("--check", "exit with 1 where a target is missed")
  .action(async ({ rounds, json, check }: BootstrapOptions) => {
    const { benchBootstrap } = await import("../../tools/bench/bootstrap/bootstrap.ts");
    const { resultText } = await import("../../tools/bench/bootstrap/result.ts");
    const result = await benchBootstrap(rounds, (line) => process.stderr.write(`${line}\n`));
    process.stdout.write(`${json ? JSON.stringify(result, null, 2) : resultText(result)}\n`);
    if (check && Object.values(result.met).includes(false)) process.exitCode = exitCode.wrong;
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

await runCommand(program);
