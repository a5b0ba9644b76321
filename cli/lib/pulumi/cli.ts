import { UserError } from "@isthmus/core";
import { ExecaError, execa } from "execa";
import { MissingError } from "../exit.ts";

export interface CliResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  /** What it says goes to the terminal as it comes, and is not returned. */
  readonly shown?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs the Pulumi CLI in the folder of the stack files. Whether it failed stands in the result. */
export async function runPulumi(
  config: string,
  args: readonly string[],
  { shown = false, env = {} }: CliOptions = {},
): Promise<CliResult> {
  try {
    const run = await execa("pulumi", [...args, "--non-interactive"], {
      cwd: config,
      stdin: "ignore",
      stdout: shown ? "inherit" : "pipe",
      stderr: shown ? "inherit" : "pipe",
      reject: false,
      // A checkpoint of a large site has many megabytes.
      maxBuffer: 1_000_000_000,
      env: { PULUMI_SKIP_UPDATE_CHECK: "true", ...(shown ? {} : { NO_COLOR: "1" }), ...env },
    });
    if (run instanceof ExecaError && run.code === "ENOENT") throw new MissingError(noCli);
    return { exitCode: run.exitCode ?? 1, stdout: run.stdout ?? "", stderr: run.stderr ?? "" };
  } catch (error) {
    throw isAbsent(error) ? new MissingError(noCli) : error;
  }
}

const noCli =
  "There is no `pulumi` on the PATH. Install the Pulumi CLI (https://www.pulumi.com/docs/install/) and try again.";

const isAbsent = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT";

/** What it printed. What it does not tell is missing: a failure is told as what it means here. */
export async function pulumi(config: string, args: readonly string[], options: CliOptions = {}): Promise<string> {
  const result = await runPulumi(config, args, options);
  if (result.exitCode === 0) return result.stdout;
  throw new MissingError(explain(args, result.stderr));
}

/** What the CLI needs and does not have is missing; all else that it refuses is a finding. */
export function refusal(args: readonly string[], stderr: string): UserError {
  const message = explain(args, stderr);
  return known.some(([pattern]) => pattern.test(stderr)) ? new MissingError(message) : new UserError(message);
}

const known: readonly (readonly [pattern: RegExp, fix: string])[] = [
  [
    /incorrect passphrase/,
    "The passphrase does not open this state. PULUMI_CONFIG_PASSPHRASE (or the file in PULUMI_CONFIG_PASSPHRASE_FILE) has to be the one that all stacks share.",
  ],
  [
    /passphrase must be set/,
    "There is no passphrase. Set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE to a file that holds it.",
  ],
  [
    /PULUMI_ACCESS_TOKEN must be set|not logged in/i,
    "Nobody is logged in to the backend. Run `pulumi login URL` with fleet.state.backend of Pulumi.yaml, or set PULUMI_BACKEND_URL.",
  ],
  [/^(error: )?EOF\s*$/, "A run was killed while it wrote to the backend. Fix that first: npm run recover -- SITE"],
  [/no Pulumi\.yaml project file found/, "There is no Pulumi.yaml here. Run this in the project's folder."],
];

/** The known meaning of what the CLI said, or its own words. */
export function explain(args: readonly string[], stderr: string): string {
  const found = known.find(([pattern]) => pattern.test(stderr));
  if (found !== undefined) return found[1];
  const words = stderr.replace(/^error: /gm, "").trim();
  return `\`pulumi ${args.join(" ")}\` failed:\n${words.split("\n").slice(-20).join("\n")}`;
}
