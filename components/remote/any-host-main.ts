// Started by AnyHostScript on the operator's computer: standard input is one JSON line with the hosts and what they need,
// the rest is passed on to the host that answers.
import { text } from "node:stream/consumers";
import { askAnother, runOnAnyHost } from "./any-host.ts";
import type { KnownHost } from "./ssh.ts";

async function main(): Promise<void> {
  const all = await text(process.stdin);
  const end = all.indexOf("\n");
  const hosts = JSON.parse(all.slice(0, end)) as KnownHost[];
  try {
    const command = process.env["ISTHMUS_COMMAND"] ?? "";
    const result = await runOnAnyHost(hosts, { command, input: all.slice(end + 1) });
    process.stdout.write(result.stdout);
    process.stderr.write(result.stderr);
    const none = process.env["ISTHMUS_NONE"] ?? "";
    if (result.status === askAnother && none !== "") process.stderr.write(`${none}\n`);
    process.exitCode = result.status;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

void main();
