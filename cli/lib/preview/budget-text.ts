import type { NodeBudget, Unplaced } from "@isthmus/availability";
import { formatMebibytes, formatMillicores, unique } from "@isthmus/core";
import { roomForSnapshot } from "@isthmus/k3s";
import type { SitePlan } from "../../../plan/plans.ts";
import { keysToShrink } from "../../../plan/rules/disks.ts";
import type { PreviewedSite } from "./document.ts";
import { table } from "../terminal/layout.ts";
import type { Style } from "../terminal/style.ts";

type Budgets = PreviewedSite["budgets"];

/** A bar for each node. */
export function budgetTable(nodes: readonly NodeBudget[], style: Pick<Style, "columns">): string[] {
  const rows = nodes.map((node) => [
    node.node,
    `${formatMebibytes(asked(node, "memory"))} of ${formatMebibytes(node.capacity.memory)}`,
    bar(asked(node, "memory") / node.capacity.memory),
    `${formatMillicores(asked(node, "cpu"))} of ${formatMillicores(node.capacity.cpu)} cores`,
    bar(asked(node, "cpu") / node.capacity.cpu),
  ]);
  return table(rows, style);
}

/** A bar for each disk that holds volumes, with what takes the most of it. */
export function diskTable(disks: Budgets["disks"], style: Pick<Style, "columns">): string[] {
  const rows = disks.map(({ node, mountPath, asked, forVolumes, uses }) => [
    node,
    mountPath,
    `${formatMebibytes(asked)} of ${formatMebibytes(forVolumes)}`,
    bar(asked / forVolumes),
    uses
      .slice(0, 3)
      .map(({ service, size }) => `${instanceOf(service)} ${formatMebibytes(size)}`)
      .join(", "),
  ]);
  return table(rows, style);
}

/** What the loss of a host leaves no room for, or no node that takes it; and what cannot be judged. A sentence each. */
export function roomWarnings(budgets: Budgets, plan: SitePlan | undefined): string[] {
  const { notStated } = budgets.volumes;
  return [
    ...budgetWarnings(budgets),
    ...lostCopies(budgets, plan),
    ...(notStated.length === 0 ? [] : [notJudged(notStated)]),
  ];
}

/** How full the fullest node and the fullest disk are. */
export function fullest({ nodes, disks }: Budgets): string[] {
  const [node] = nodes.toSorted(
    (a, b) => asked(b, "memory") / b.capacity.memory - asked(a, "memory") / a.capacity.memory,
  );
  const [disk] = disks.toSorted((a, b) => b.asked / b.forVolumes - a.asked / a.forVolumes);
  return [
    ...(node === undefined
      ? []
      : [
          `memory: at most ${formatMebibytes(asked(node, "memory"))} of ${formatMebibytes(node.capacity.memory)} a node`,
        ]),
    ...(disk === undefined
      ? []
      : [`disks: at most ${formatMebibytes(disk.asked)} of ${formatMebibytes(disk.forVolumes)} for volumes a node`]),
  ];
}

const asked = (node: NodeBudget, what: "memory" | "cpu"): number =>
  node.reserved[what] + node.fixed[what] + node.share[what];

/** Copies that stay lost with a host, once for all hosts of which the same is true. */
function lostCopies({ disks, volumes }: Pick<Budgets, "disks" | "volumes">, plan: SitePlan | undefined): string[] {
  const said = volumes.afterLossOf
    .map(({ host, unplaced }) => ({ host, without: unplaced.filter(({ because }) => because === "no room") }))
    .filter(({ without }) => without.length > 0)
    .map(({ host, without }) => {
      const keys = plan === undefined ? "" : keysToShrink(plan, disks, without);
      return { host, what: sized(without), advice: keys === "" ? "" : ` Larger disks help, or less of ${keys}.` };
    });
  return unique(said.map(({ what }) => what)).map((what) => {
    const alike = said.filter((one) => one.what === what);
    const hosts = anyOf(
      alike.map(({ host }) => host),
      volumes.afterLossOf,
    );
    return `Without ${hosts} lost copies of volumes find no room on the other disks: ${what}. Until it is back one copy less is left.${alike[0]?.advice ?? ""}`;
  });
}

const sized = (without: readonly Unplaced[]): string =>
  without
    .map(
      ({ service, workload, copies, size }) => `${instanceOf(service)}'s ${workload} ${formatMebibytes(copies * size)}`,
    )
    .join(", ");

/** How large etcd's snapshots may be: nobody can say how large they are, but k3s keeps a stated number of them. */
export function snapshotNotes({ facts, cluster }: SitePlan): string[] {
  const { retention } = cluster.settings.snapshots;
  const rooms = facts.topology.nodes
    .filter(({ role }) => role === "server")
    .flatMap(({ name, disks = [] }) => {
      const root = disks.find(({ mountPath }) => mountPath === "/");
      const room = root && roomForSnapshot(root.size, retention);
      return room === undefined ? [] : [{ name, room }];
    });
  return unique(rooms.map(({ room }) => room)).map((room) => {
    const names = rooms.filter((one) => one.room === room).map(({ name }) => name);
    const all = rooms.length > 1 && names.length === rooms.length;
    return `${all ? "Each server" : names.join(", ")}: room for ${retention} snapshots of etcd (kubernetes.snapshots.retention) of up to ${formatMebibytes(room)} each beside its database, less what images take.`;
  });
}

const instanceOf = (service: string): string => service.split("/").at(-1) ?? service;

const notJudged = (nodes: readonly string[]): string =>
  `Not judged: the size of the disk for volumes is not stated for ${nodes.join(", ")} (disk, or data.size).`;

const bar = (share: number): string => "█".repeat(Math.min(10, Math.round(share * 10))).padEnd(10, "░");

/** Who finds no other node without a host, and why; once for all hosts of which the same is true. */
function budgetWarnings({ site }: Pick<Budgets, "site">): string[] {
  const said = site.afterLossOf
    .filter(({ unschedulable }) => unschedulable.length > 0)
    .map(({ host, unschedulable }) => ({
      host,
      who: unschedulable
        .map(({ service, workload, members, of, because, why }) => {
          const what = because === "no room" ? "find no room" : "find no other node";
          const verb = members === 1 ? what.replace("find", "finds") : what;
          return `${members} of the ${of} members of ${instanceOf(service)}'s ${workload} ${verb}: ${why}`;
        })
        .join(". "),
    }));
  return unique(said.map(({ who }) => who)).map((who) => {
    const hosts = said.filter((one) => one.who === who).map(({ host }) => host);
    return `Without ${anyOf(hosts, site.afterLossOf)} ${who}.`;
  });
}

/** `any host`, or those that are meant. */
const anyOf = (hosts: readonly string[], all: readonly { readonly host: string }[]): string =>
  hosts.length > 1 && hosts.length === all.length ? "any one host" : hosts.join(" or ");
