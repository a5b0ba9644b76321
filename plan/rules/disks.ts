import {
  diskOf,
  disksBudget,
  holdsOn,
  type DiskBudget,
  type DiskUse,
  type FleetFootprint,
  type Unplaced,
} from "@isthmus/availability";
import {
  below,
  formatMebibytes,
  mayRunOn,
  readablePath,
  storesOf,
  unique,
  type Finding,
  type StorageClassFacts,
  type Store,
  type Workload,
} from "@isthmus/core";
import type { SitePlan } from "../plans.ts";
import { keysAsText, whatToShrink, type Asked } from "./shrink.ts";
import { defineRule } from "../rules.ts";

const disksTooSmallRule = defineRule({
  id: "disks-too-small",
  severity: "high",
  summary: "Every copy of a volume has room on a disk.",
  fix: "Give the nodes larger disks, add a node, or ask for less.",
  docs: "docs/reference/site.md#nodes",
});

/** Copies of volumes that no disk has room for: a claim would wait for ever. One finding a site, at its fullest disk. */
export function checkDisks(sites: readonly SitePlan[], fleet: FleetFootprint): Finding[] {
  const { disks, sites: budgets } = disksBudget(fleet.topology, fleet.services);
  return sites.flatMap((plan) => {
    const { name } = plan.facts;
    const without = budgets.find(({ site }) => site === name)?.unplaced.filter(({ because }) => because === "no room");
    if (without === undefined || without.length === 0) return [];
    const classes = fleet.services
      .filter(({ site }) => site === name)
      .flatMap(({ storageClasses = [] }) => storageClasses);
    const own = disks.filter(({ site }) => site === name).filter(possible(plan, classes, without));
    return crowded(plan, own, without);
  });
}

function crowded(plan: SitePlan, disks: readonly DiskBudget[], without: readonly Unplaced[]): Finding[] {
  const { facts } = plan;
  const [fullest] = disks.toSorted((a, b) => a.forVolumes - a.asked - (b.forVolumes - b.asked));
  if (fullest === undefined) return [];
  const node = facts.topology.nodes.find(({ name }) => name === fullest.node);
  const disk = node?.disks?.find(({ mountPath }) => mountPath === fullest.mountPath);
  const copies = without.map(
    ({ service, workload, copies: missing, size }) =>
      `${missing} of ${formatMebibytes(size)} of ${instanceOf(service)}'s ${workload}`,
  );
  const uses = fullest.uses.map(({ service, size }) => `${instanceOf(service)} ${formatMebibytes(size)}`).join(", ");
  const keys = keysToShrink(plan, disks, without);
  const larger = disk === undefined ? "" : ` (${readablePath(disk.from)} and those beside it)`;
  return [
    {
      rule: disksTooSmallRule.id,
      at: disk?.from ?? node?.from ?? below(`Pulumi.${facts.name}.yaml#`, "nodes"),
      problem: `copies of volumes find no room on the disks of ${facts.name}: ${copies.join(", ")}. ${fullest.mountPath} of ${fullest.node} has "${disk?.size ?? ""}", of which ${formatMebibytes(fullest.forVolumes)} may be promised to volumes, and has promised ${formatMebibytes(fullest.asked)} (${uses || "nothing"})`,
      fix: `give the nodes larger disks${larger}, add a node, or ask for less${keys === "" ? "" : `: ${keys}`}`,
    },
  ];
}

/** Disks that what found no room could be on: another one may be fuller and has no part in it. */
function possible(
  { facts, services }: SitePlan,
  classes: readonly StorageClassFacts[],
  without: readonly Unplaced[],
): (disk: DiskBudget) => boolean {
  const wanted = without.flatMap((one) => {
    const { workload, store } = storeOf(services, one) ?? {};
    const of = classes.find(({ name }) => name === store?.storageClass);
    return workload === undefined || of === undefined ? [] : [{ workload, of }];
  });
  return ({ node: name, mountPath }) =>
    wanted.some(({ workload, of }) => {
      const node = facts.topology.nodes.find((one) => one.name === name);
      if (node === undefined || diskOf(node, of.path)?.mountPath !== mountPath || !holdsOn(of, node)) return false;
      return of.follows === "nothing" || mayRunOn(workload, node);
    });
}

function storeOf(
  services: SitePlan["services"],
  { service, workload, what }: Pick<Unplaced, "service" | "workload" | "what">,
): { readonly workload: Workload; readonly store: Store } | undefined {
  const footprint = services.find(({ instance }) => instance === instanceOf(service))?.footprint;
  const stated = footprint?.workloads.find(({ name }) => name === workload);
  const store = stated && storesOf(stated).find((one) => one.what === what);
  return stated === undefined || store === undefined ? undefined : { workload: stated, store };
}

/** By the keys that each claim comes from, and how many copies the disks hold of it. */
export function keysToShrink(
  { services }: Pick<SitePlan, "services">,
  disks: readonly Pick<DiskBudget, "uses">[],
  without: readonly Unplaced[],
): string {
  const placed: readonly Omit<DiskUse, "volumes">[] = disks.flatMap(({ uses }) => uses);
  const missing = without.map((one) => ({ ...one, size: one.size * one.copies }));
  const asked = [...placed, ...missing].map((one): Asked => ({
    sizedBy: storeOf(services, one)?.store.sizedBy ?? [],
    size: one.size,
  }));
  const classes = services.flatMap(({ footprint }) => footprint.storageClasses ?? []);
  const copies = unique(classes.flatMap(({ copiesFrom }) => (copiesFrom === undefined ? [] : [copiesFrom])));
  return [whatToShrink(asked), ...(copies.length === 0 ? [] : [`or keep fewer copies: ${keysAsText(copies)}`])].join(
    "; ",
  );
}

const instanceOf = (service: string): string => service.split("/").at(-1) ?? service;
