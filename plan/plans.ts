import type { Assessment, FleetFootprint } from "@isthmus/availability";
import type { Finding, SiteFacts } from "@isthmus/core";
import type { ClusterFacts } from "@isthmus/k3s";
import type { Model, SiteModel } from "../config/load.ts";
import type { DnsRecord } from "./dns.ts";
import type { Link } from "./links.ts";
import type { MachinesPlan } from "./machines.ts";
import type { NeededSecret } from "./secrets.ts";
import type { ServicePlan } from "./service-plans.ts";

/** Everything that will be at one site: plain data. */
export interface SitePlan {
  readonly site: SiteModel;
  readonly facts: SiteFacts;
  readonly machines: MachinesPlan;
  readonly cluster: ClusterFacts;
  readonly services: readonly ServicePlan[];
  readonly dnsRecords: readonly DnsRecord[];
  /** What waits for other sites on a first `up`. */
  readonly links: readonly Link[];
  readonly secrets: readonly NeededSecret[];
}

export interface FleetPlan {
  readonly model: Model;
  readonly sites: readonly SitePlan[];
  readonly footprint: FleetFootprint;
  /** What each failure does to each service. */
  readonly assessments: readonly Assessment[];
  /** Everything that is wrong with the stack files, in the order of files. Nothing is deployed while there is any. */
  readonly findings: readonly Finding[];
}
