import type { NodeBudget, Unplaced } from "@isthmus/availability";
import { formatMebibytes, formatMillicores, unique } from "@isthmus/core";
import { roomForSnapshot } from "@isthmus/k3s";
import type { SitePlan } from "../../../plan/plans.ts";
import { keysToShrink } from "../../../plan/rules/disks.ts";
import type { PreviewedSite } from "./document.ts";
import { table } from "./table.ts";

type Budgets = PreviewedSite["budgets"];

/** A bar for each node. */
export function budgetTable(nodes: readonly NodeBudget[]): string {
  const asked = (node: NodeBudget, what: "memory" | "cpu"): number =>
    node.reserved[what] + node.fixed[what] + node.share[what];
  const rows = nodes.map((node) => [
    node.node,
    `${formatMebibytes(asked(node, "memory"))} of ${formatMebibytes(node.capacity.memory)}`,
    bar(asked(node, "memory") / node.capacity.memory),
    `${formatMillicores(asked(node, "cpu"))} of ${formatMillicores(node.capacity.cpu)} cores`,
    bar(asked(node, "cpu") / node.capacity.cpu),
  ]);
  return table(rows);
}

/** A bar for each disk that holds volumes, and what its loss or its size leaves no room for. */
export function diskLines({ disks, volumes }: Budgets, plan: SitePlan | undefined): string[] {
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
  const unknown = volumes.notStated.length === 0 ? [] : [`  ${notJudged(volumes.notStated)}`];
  const lines = [...(rows.length === 0 ? [] : [table(rows)]), ...unknown, ...lostCopies({ disks, volumes }, plan)];
  const snapshots = plan === undefined ? [] : snapshotLines(plan);
  return lines.length + snapshots.length === 0 ? [] : ["\nVolumes on the disks of each node", ...lines, ...snapshots];
}

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
    const hosts = alike.map(({ host }) => host).join(" or ");
    return `  Without ${hosts} lost copies of volumes find no room on the other disks: ${what}. Until it is back one copy less is left.${alike[0]?.advice ?? ""}`;
  });
}

const sized = (without: readonly Unplaced[]): string =>
  without
    .map(
      ({ service, workload, copies, size }) => `${instanceOf(service)}'s ${workload} ${formatMebibytes(copies * size)}`,
    )
    .join(", ");

/** How large etcd's snapshots may be: nobody can say how large they are, but k3s keeps a stated number of them. */
function snapshotLines({ facts, cluster }: SitePlan): string[] {
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
    return `  ${names.join(", ")}: room for ${retention} snapshots of etcd (kubernetes.snapshots.retention) of up to ${formatMebibytes(room)} each beside its database, less what images take.`;
  });
}

const instanceOf = (service: string): string => service.split("/").at(-1) ?? service;

const notJudged = (nodes: readonly string[]): string =>
  `Not judged: the size of the disk for volumes is not stated for ${nodes.join(", ")} (disk, or data.size).`;

const bar = (share: number): string => "█".repeat(Math.min(10, Math.round(share * 10))).padEnd(10, "░");

/** What the loss of a host leaves without a node, once for all hosts of which the same is true. */
export function budgetWarnings({ site }: Pick<Budgets, "site">): string[] {
  const said = site.afterLossOf
    .filter(({ unschedulable }) => unschedulable.length > 0)
    .map(({ host, unschedulable }) => ({
      host,
      who: unschedulable
        .map(({ service, workload, members, because }) => {
          const reason = because === "no room" ? "for want of room" : "as members keep apart";
          return `${members} ${workload} of ${instanceOf(service)} (${reason})`;
        })
        .join(", "),
    }));
  return [...new Set(said.map(({ who }) => who))].map((who) => {
    const hosts = said.filter((one) => one.who === who).map(({ host }) => host);
    return `  Without ${hosts.join(" or ")} these find no other node: ${who}.`;
  });
}
