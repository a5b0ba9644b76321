import { readablePath, splitSourcePath, type Finding } from "@isthmus/core";
import { fleetFile } from "../../config/files.ts";
import type { Model } from "../../config/load.ts";
import type { SitePlan } from "../plans.ts";
import { defineRule } from "../rules.ts";

const stateOnOwnServiceRule = defineRule({
  id: "state-on-own-service",
  severity: "critical",
  summary: "The state does not stand on a service that it is needed to repair.",
  fix: "Use a bucket or folder that this program does not deploy.",
  docs: "docs/guide/secrets-and-state.md#state",
  needsWhole: [],
});

/** The state does not stand on what it describes: it is needed to repair that. A NAS may have a name in the fleet's zone. */
export function checkStateName({ fleet }: Model, sites: readonly SitePlan[]): Finding[] {
  // Names with a dot, and addresses.
  const hosts = fleet.state.backend.toLowerCase().match(/[a-z0-9-]+(\.[a-z0-9-]+)+/g) ?? [];
  const records = sites.flatMap(({ dnsRecords }) => dnsRecords);
  const met = hosts
    .map((host) => ({ host, record: records.find(({ name, value }) => name === host || value === host) }))
    .find(({ record }) => record !== undefined);
  if (met?.record === undefined) return [];
  const from = `${readablePath(met.record.from)} of ${splitSourcePath(met.record.from).file}`;
  return [
    {
      rule: stateOnOwnServiceRule.id,
      at: `${fleetFile}#/state/backend`,
      problem: `"${met.host}" leads to what this program deploys (${from}): the state would stand on a service that it is needed to repair`,
      fix: "use a bucket or folder that this program does not deploy",
    },
  ];
}
