import { existsSync, lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { toMarkdown } from "@isthmus/availability";
import { toYaml } from "@isthmus/core";
import { plannedNodes, planCluster } from "@isthmus/k3s";
import { maskedUserData, planMachines, renderMetaData } from "@isthmus/proxmox";
import type { FleetPlan, SitePlan } from "../../../plan/plans.ts";
import { toSarif } from "../../../policy/report.ts";
import { resolve } from "../../../program/resolve.ts";
import { renderDns } from "../dns/formats.ts";
import { releasesOf, type PreviewDocument } from "./document.ts";
import { fillFolders, type Files } from "./owned-folder.ts";
import { readable } from "../../../program/readable.ts";
import { locator } from "./text.ts";

/**
 * Writes everything that would be deployed, secrets masked, the same from run to run, so that any diff compares two. What an
 * earlier run wrote is taken away, and nothing else is: a site's folder that is not ours is refused before anything is touched.
 */
export function writeOut(directory: string, document: PreviewDocument, fleet: FleetPlan): void {
  const plans = fleet.sites.filter((site) => Object.hasOwn(document.sites, site.facts.name));
  fillFolders(
    plans.map((plan) => {
      const folder = join(directory, plan.facts.name);
      return { folder, files: new Map([...siteFiles(plan, document, fleet), ...dnsFiles(fleet, folder)]) };
    }),
  );
}

/** Of all sites, whichever is shown: the zone is the fleet's, and a name server answers from one file of it. */
function dnsFiles(fleet: FleetPlan, folder: string): Files {
  const records = fleet.sites.flatMap((plan) => plan.dnsRecords);
  const former = join(folder, "dns/zone");
  const before = existsSync(former) && lstatSync(former).isFile() ? readFileSync(former, "utf8") : undefined;
  const files = renderDns(records, { domain: fleet.model.fleet.domain, before });
  return new Map(files.map(({ file, content }) => [`dns/${file}`, content]));
}

function siteFiles(plan: SitePlan, document: PreviewDocument, fleet: FleetPlan): Files {
  const { name } = plan.facts;
  const site = document.sites[name];
  if (site === undefined) throw new Error(`${name} was not previewed`);
  const own = fleet.assessments.filter(({ service }) => service.startsWith(`${name}/`));
  return new Map([
    ...releaseFiles(plan),
    ...objectFiles(plan),
    ...machineFiles(plan),
    ["availability.md", toMarkdown(own, fleet.footprint.topology)],
    ["policy.sarif", `${JSON.stringify(toSarif(site.policy, locator(fleet.model.sources)), null, 2)}\n`],
  ]);
}

const yaml = (value: unknown): string => toYaml(value, { sorted: true });

function releaseFiles(plan: SitePlan): [string, string][] {
  const summaries = releasesOf(plan);
  return plan.services.flatMap((service) =>
    service.releases.flatMap((release): [string, string][] => {
      const summary = summaries.find((one) => one.name === release.name && one.service === service.instance);
      return [
        [`releases/${release.name}/release.json`, `${JSON.stringify(summary, null, 2)}\n`],
        [`releases/${release.name}/values.yaml`, yaml(resolve(release.values, readable))],
      ];
    }),
  );
}

function objectFiles(plan: SitePlan): [string, string][] {
  return plan.services.flatMap((service) =>
    service.objects.map((object): [string, string] => {
      const { kind, metadata } = object.manifest;
      const folder = metadata.namespace ?? "_cluster";
      return [
        `objects/${folder}/${kind.toLowerCase()}-${metadata.name}.yaml`,
        yaml(resolve(object.manifest, readable)),
      ];
    }),
  );
}

function machineFiles(plan: SitePlan): [string, string][] {
  const vms = plan.machines.virtual === undefined ? [] : planMachines(plan.machines.virtual);
  const nodes = plannedNodes(planCluster(plan.cluster));
  return [
    ...vms.flatMap((vm): [string, string][] => [
      [`machines/${vm.name}/user-data.yaml`, maskedUserData(vm.userData)],
      [`machines/${vm.name}/meta-data.yaml`, renderMetaData(vm.metaData)],
    ]),
    ...nodes.flatMap(({ node, files }) =>
      files.map((file): [string, string] => [`machines/${node.name}${file.path}`, file.content]),
    ),
  ];
}
