import { benchPreview, benchText } from "../../../tools/bench/preview.ts";
import { exitCode, say, type ExitCode } from "../../lib/command-line.ts";

interface PreviewOptions {
  readonly config: string;
  readonly nodes: readonly number[];
  readonly rounds: number;
  readonly json: boolean;
}

export async function preview({ config, nodes, rounds, json }: PreviewOptions): Promise<ExitCode> {
  const result = await benchPreview(config, { sizes: nodes, rounds });
  say(json ? JSON.stringify(result, null, 2) : benchText(result));
  return exitCode.fine;
}

interface BootstrapOptions {
  readonly rounds: number;
  readonly json: boolean;
  readonly check: boolean;
}

export async function bootstrap({ rounds, json, check }: BootstrapOptions): Promise<ExitCode> {
  const { benchBootstrap } = await import("../../../tools/bench/bootstrap/bootstrap.ts");
  const { resultText } = await import("../../../tools/bench/bootstrap/result.ts");
  const result = await benchBootstrap(rounds, (line) => process.stderr.write(`${line}\n`));
  say(json ? JSON.stringify(result, null, 2) : resultText(result));
  return check && Object.values(result.met).includes(false) ? exitCode.finding : exitCode.fine;
}
