import { isAsDeclared, type ClusterReport, type NodeReport } from "./compare.ts";
import { inWords, type SnapshotAges } from "./snapshot-age.ts";

const headings = ["node", "role", "version", "ready", "voter", "certificates", "snapshots"] as const;

/** The report as a table for people, and below it what is not as declared. */
export function reportText(report: ClusterReport): string {
  const rows = [headings, ...report.nodes.map(row)];
  const widths = headings.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  const table = rows.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const drift = [
    ...report.drift,
    ...report.nodes.flatMap(({ node, drift: lines }) => lines.map((line) => `${node}: ${line}`)),
  ];
  const end = isAsDeclared(report)
    ? `${report.cluster} is as declared.`
    : `Not as declared:\n${drift.map((line) => `  ${line}`).join("\n")}\n\n${fix}`;
  const kept = report.kubeconfig === undefined || drift.includes(report.kubeconfig) ? "" : `${report.kubeconfig}\n`;
  return `${table.join("\n")}\n\n${kept}${end}`;
}

/** `@pulumi/command` reads nothing back, so `up` sees changes of the stack files alone. */
const fix =
  "`pulumi up` fixes what changed in the stack files. What was changed on a host: pulumi up --stack SITE --replace '**::SITE-k3s-NODE'\n" +
  "(labels and taints: '**::SITE-k3s-membership').";

function row({ node, role, version, ready, voter, certificateDays, snapshots }: NodeReport): readonly string[] {
  const days = certificateDays === null ? "-" : `${certificateDays} days`;
  const vote = voter === undefined ? "-" : yes(voter);
  return [node, role, version === "" ? "-" : version, yes(ready), vote, days, agesText(snapshots)];
}

/** How old the newest ones are. */
function agesText(ages: SnapshotAges | undefined): string {
  if (ages === undefined) return "-";
  const age = (seconds: number | null): string => (seconds === null ? "none" : inWords(seconds));
  return ages.store === undefined ? age(ages.disk) : `${age(ages.disk)}, in the store ${age(ages.store)}`;
}

const yes = (value: boolean): string => (value ? "yes" : "no");
