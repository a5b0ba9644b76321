// Started by RemoteScript and AnyHostScript on the operator's computer.
import { text } from "node:stream/consumers";
import { runAsTold } from "./run.ts";

async function main(): Promise<void> {
  const result = await runAsTold({ stdin: await text(process.stdin), environment: process.env });
  process.stdout.write(result.stdout);
  process.stderr.write(result.stderr);
  process.exitCode = result.status;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
