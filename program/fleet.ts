import { isDeepStrictEqual } from "node:util";
import { UserError } from "@isthmus/core";
import { clusterUpkeep, kubeconfigEnd, type ClusterUpkeep } from "@isthmus/k3s";
import * as pulumi from "@pulumi/pulumi";
import { unknown } from "@pulumi/pulumi/output.js";
import { fleetFile, siteFile } from "../config/files.ts";
import { configVariable } from "../config/folder.ts";
import type { FleetPlan, SitePlan } from "../plan/plans.ts";
import { fleetOrRefuse } from "../plan/stack-files.ts";
import { refuseUnknownHosts } from "./known-hosts.ts";
import { refuseViolations } from "./policies.ts";
import { readOwnResources, readPeers, readStack, remembering, type StackRead } from "./peers.ts";
import { askServers, consentVariable, guardReplacements } from "./replacements.ts";
import { buildSite, type SiteOutputs } from "./site.ts";
import { mirrorFrom, stackFolder } from "./stack-folder.ts";

/** The program under the engine: this stack's site, from the stack files beside Pulumi.yaml. */
export async function fleetProgram(): Promise<SiteOutputs> {
  return userErrorsWithoutStack(async () => {
    const folder = stackFolder(pulumi.runtime.getRootDirectory() || process.cwd(), process.env[configVariable]);
    const fleet = fleetOrRefuse(folder);
    const plan = siteOfStack(fleet, pulumi.getStack());
    refuseOtherSources(fleet, plan);
    const advice = refuseViolations(fleet, plan);
    if (advice !== undefined) void pulumi.log.warn(advice);
    refuseMissingSecrets(plan);
    if (!pulumi.runtime.isDryRun()) refuseUnknownHosts(plan);
    const read = remembering(readStack);
    const own = await read(plan.facts.name);
    await guardReplacements({
      plan,
      own,
      readResources: readOwnResources,
      isPreview: pulumi.runtime.isDryRun(),
      consented: (process.env[consentVariable] ?? "").split(",").map((name) => name.trim()),
      ask: askServers,
    });
    const peers = await readPeers(
      plan.facts.name,
      plan.facts.peers.map((peer) => peer.name),
      read,
    );
    for (const peer of peers)
      if (peer.why !== undefined) void pulumi.log.info(`${peer.site}: ${peer.status}, ${peer.why}`);
    const chartMirror = mirrorFrom(fleet.model.fleet.chartMirror, folder);
    return buildSite({ plan, secret: stackSecret, peers, chartMirror, before: upkeepIn(own) });
  });
}

/** Where it cannot be read, things are looked at once more than they need be. */
function upkeepIn(own: StackRead): ClusterUpkeep | undefined {
  if (!("outputs" in own)) return undefined;
  const { clusterUpkeep: kept, kubeconfig } = own.outputs;
  const read = clusterUpkeep.safeParse(kept);
  if (read.success) return read.data;
  // What a former release wrote.
  return typeof kubeconfig === "string"
    ? { kubeconfig: { asked: 1, ends: kubeconfigEnd(kubeconfig) }, stores: {} }
    : undefined;
}

function siteOfStack(fleet: FleetPlan, stack: string): SitePlan {
  const plan = fleet.sites.find((site) => site.facts.name === stack);
  if (plan !== undefined) return plan;
  const names = fleet.sites.map((site) => site.facts.name).join(", ");
  throw new UserError(
    `There is no site "${stack}" in ${fleetFile}. Choose one of its sites: pulumi stack select NAME (${names}).`,
  );
}

/** Topology that comes from anywhere but the files would be checked against nothing, and unknown to the other site. */
function refuseOtherSources({ model }: FleetPlan, plan: SitePlan): void {
  const config = new pulumi.Config("isthmus");
  const sources: readonly (readonly [string, string, readonly string[]])[] = [
    ["fleet", fleetFile, ["config", "isthmus:fleet", "value"]],
    ["site", siteFile(plan.facts.name), ["config", "isthmus:site"]],
  ];
  for (const [key, file, path] of sources) {
    const given = config.getObject<unknown>(key);
    if (given !== undefined && !isDeepStrictEqual(given, model.sources.raw(file, path))) {
      throw new UserError(
        `isthmus:${key} differs from what ${file} says: it comes from an ESC environment or from another file. ` +
          `Write it into ${file}: both sites are checked against the files.`,
      );
    }
  }
}

/** A preview goes without secrets; an update that lacks one would stop midway. */
function refuseMissingSecrets(plan: SitePlan): void {
  const missing = plan.secrets.filter((secret) => !secret.present);
  if (missing.length === 0) return;
  const lines = missing.map(
    ({ name, for: use }) => `  pulumi config set --path --secret 'isthmus:secrets.${name}'    # ${use}`,
  );
  const message = `Secrets of ${plan.facts.name} are not set:\n${lines.join("\n")}`;
  if (!pulumi.runtime.isDryRun()) throw new UserError(message);
  void pulumi.log.warn(message);
}

/**
 * A secret of this stack; in a preview one that is not set yet is unknown, as its value would be. What was set from a file or
 * pasted may have a line's end: no key, token or password means it, and some readers refuse it.
 */
function stackSecret(name: string): pulumi.Output<string> {
  const secrets = new pulumi.Config("isthmus").getSecretObject<Record<string, string>>("secrets") ?? pulumi.secret({});
  return secrets.apply((all: Readonly<Record<string, string>>) => pulumi.output(all[name]?.trim() ?? notSet()));
}

function notSet(): pulumi.Output<string> {
  return pulumi.output(unknown) as pulumi.Output<string>;
}

/** Pulumi prints an error's stack; a user's mistake has none that helps. */
async function userErrorsWithoutStack<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new pulumi.RunError(error.message);
  }
}
