import { readFileSync } from "node:fs";
import { fleetOrRefuse } from "../../../plan/stack-files.ts";
import { exitCode, UsageError, type ExitCode } from "../../lib/command-line.ts";
import { renderDns, type DnsForm } from "../../lib/dns/formats.ts";
import { serialOf } from "../../lib/dns/serial.ts";

interface Options {
  readonly config: string;
  readonly form: DnsForm;
  readonly before: string | undefined;
}

/** Of all sites: the zone is the fleet's, and a name server answers from one file of it. */
export function dns({ config, form, before }: Options): ExitCode {
  const former = before === undefined ? undefined : formerZone(before, form);
  const fleet = fleetOrRefuse(config);
  const records = fleet.sites.flatMap((plan) => plan.dnsRecords);
  const files = renderDns(records, { domain: fleet.model.fleet.domain, before: former });
  process.stdout.write(files.find(({ file }) => file === form)?.content ?? "");
  return exitCode.fine;
}

function formerZone(file: string, form: DnsForm): string {
  if (form !== "zone") throw new UsageError(`--before is for the zone alone: ${form} has no serial.`);
  const text = readFileSync(file, "utf8");
  if (serialOf(text) === undefined)
    throw new UsageError(`--before ${file}: it is no zone file that this command wrote.`);
  return text;
}
