import { defineService, type CapabilityName, type Footprint, type Service, type Workload } from "@isthmus/core";
import { z } from "zod";
import type { ConfiguredService } from "../config/load.ts";

/** Services made up for tests of rules that no service of ours can break. */
interface MadeUp {
  readonly name: string;
  readonly requires?: readonly CapabilityName[];
  readonly wants?: readonly CapabilityName[];
  readonly provides?: readonly CapabilityName[];
  readonly workloads?: readonly Workload[];
}

const noFootprint: Footprint = { workloads: [], routes: [], addresses: [], podSecurity: "restricted" };

function madeUpService({ name, requires = [], wants = [], provides = [], workloads = [] }: MadeUp): Service {
  return defineService({
    name,
    summary: `${name}, made up.`,
    schema: z.strictObject({}),
    requires: () => requires,
    wants: () => wants,
    provides: () => provides,
    offers: () => ({}),
    footprint: () => ({ ...noFootprint, workloads }),
    charts: () => [],
    objects: () => [],
  });
}

/** The same as a stack file would configure it, under its own name. */
export function madeUp(facts: MadeUp): ConfiguredService {
  return {
    instance: facts.name,
    service: madeUpService(facts),
    args: {},
    from: `Pulumi.home.yaml#/services/${facts.name}`,
  };
}

export function madeUpWorkload(changes: Partial<Workload> = {}): Workload {
  return {
    name: "server",
    controller: "Deployment",
    members: { perSite: { home: 1 } },
    selector: { app: "made-up" },
    requests: { memory: "64Mi", cpu: "10m" },
    limits: { memory: "64Mi" },
    architectures: ["amd64", "arm64"],
    uses: [],
    reads: { kind: "any" },
    writes: { kind: "any" },
    restarts: { by: "itself", within: "1m" },
    runsOn: { required: [], preferred: [], tolerations: [], spread: [] },
    reaches: [],
    ...changes,
  };
}
