import type { HeldData, Inventory } from "./inventory.ts";
import type { LastBackup } from "./last-backups.ts";

/** What the cluster says of backups, or why it does not. */
export type KnownBackups = { readonly backups: readonly LastBackup[] } | { readonly unknown: string };

/** What waits at other sites for this one. */
export interface Dependent {
  readonly site: string;
  readonly service: string;
  readonly items: readonly string[];
}

/** Everything that a person should have read before typing the site's name. */
export function describeLoss(site: string, inventory: Inventory, known: KnownBackups): string {
  const { data } = inventory;
  const held = data.length === 0 ? ["  nothing"] : data.flatMap((one) => describeData(one, known));
  const unknown = "unknown" in known ? [`\nWhen each was last backed up is not known from here: ${known.unknown}`] : [];
  const guarded = inventory.protected.map((name) => `  ${name}`);
  return [
    `${site} has ${inventory.resources} resources. All of them go.`,
    "\nHolds data:",
    ...held,
    ...unknown,
    "\nProtected until now:",
    ...(guarded.length === 0 ? ["  nothing"] : guarded),
  ].join("\n");
}

function describeData(data: HeldData, known: KnownBackups): readonly string[] {
  const { of, what, size, backup, namespace } = data;
  const kept =
    "none" in backup
      ? `NO BACKUP: ${backup.none}`
      : `backed up by ${backup.by}, every ${backup.every}, to ${backup.to}${backup.keeps === undefined ? "" : `, kept: ${backup.keeps}`}`;
  const last =
    "backups" in known && !("none" in backup)
      ? known.backups.filter((one) => one.namespace === namespace).map((one) => `      ${lastOf(one)}`)
      : [];
  return [`  ${of}: ${what}${size === undefined ? "" : `, ${size} each`}`, `    ${kept}`, ...last];
}

const lastOf = ({ of, at }: LastBackup): string => `${of}: last backup ${at ?? "NEVER"}`;

/** What the other sites lose with this one. */
export function describeDependents(site: string, dependents: readonly Dependent[]): string {
  if (dependents.length === 0) return "";
  const lines = dependents.map((one) => `  ${one.site}: ${one.service} (${one.items.join(", ")})`);
  return (
    `\nOther sites rest on ${site}:\n${lines.join("\n")}\n` +
    "  They go on with the last values they read, and what they keep here is gone: their backups too."
  );
}
