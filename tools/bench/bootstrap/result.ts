/** What was measured, and whether it is good enough. Pure. */

/** Of all rounds. */
export interface Figure {
  readonly what: string;
  readonly unit: "s" | "sessions" | "hosts";
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export const targets = {
  joins: 1.1,
  secondRun: 1.3,
  secondRunSessions: 0,
  addedAgentHosts: 2,
  removedAgentHosts: 1,
} as const;

type Target = keyof typeof targets;

export interface Measurements {
  readonly rounds: number;
  readonly machine: { readonly node: string; readonly cpus: number };
  readonly k3s: { readonly version: string; readonly real: boolean; readonly pace: Readonly<Record<string, number>> };
  /** Every value that was measured, in the order of the rounds. */
  readonly values: Readonly<Record<FigureName, readonly number[]>>;
}

export interface BootstrapResult extends Omit<Measurements, "values"> {
  readonly figures: Readonly<Record<FigureName, Figure>>;
  /** Of the best rounds: what others do on the machine only ever adds. */
  readonly ratios: Readonly<Record<"joins" | "secondRun", number>>;
  readonly targets: typeof targets;
  readonly met: Readonly<Record<Target, boolean>>;
}

const figures = {
  plainJoins: ["3 servers and 3 agents, plain script", "s"],
  plainFirstServer: ["  its first server", "s"],
  plainFurtherServers: ["  each further server", "s"],
  plainAgents: ["  each agent", "s"],
  ourJoins: ["3 servers and 3 agents, pulumi up", "s"],
  engineAlone: ["pulumi up of a file without a line", "s"],
  emptyProgram: ["pulumi up of an empty program: it loads the SDK", "s"],
  secondRun: ["pulumi up without a change", "s"],
  secondRunSessions: ["  SSH sessions that it opened", "sessions"],
  addedAgent: ["pulumi up with one agent more on 100 nodes", "s"],
  addedAgentHosts: ["  hosts that it had sessions with", "hosts"],
  removedAgentHosts: ["hosts, where that agent goes again", "hosts"],
} as const satisfies Readonly<Record<string, readonly [string, Figure["unit"]]>>;

export type FigureName = keyof typeof figures;

export function resultOf({ values, ...measured }: Measurements): BootstrapResult {
  const names = Object.keys(figures) as FigureName[];
  const found = Object.fromEntries(names.map((name) => [name, figureOf(name, values[name])])) as Record<
    FigureName,
    Figure
  >;
  const ratios = {
    joins: found.ourJoins.min / found.plainJoins.min,
    secondRun: found.secondRun.min / found.emptyProgram.min,
  };
  return {
    ...measured,
    figures: found,
    ratios,
    targets,
    met: {
      joins: ratios.joins <= targets.joins,
      secondRun: ratios.secondRun <= targets.secondRun,
      secondRunSessions: found.secondRunSessions.max <= targets.secondRunSessions,
      addedAgentHosts: found.addedAgentHosts.max <= targets.addedAgentHosts,
      removedAgentHosts: found.removedAgentHosts.max <= targets.removedAgentHosts,
    },
  };
}

function figureOf(name: FigureName, values: readonly number[]): Figure {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? NaN;
  const middle = (sorted.length - 1) / 2;
  const [what, unit] = figures[name];
  const median = (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2;
  return { what: what.trim(), unit, min: at(0), median, max: at(sorted.length - 1) };
}

/** The result as a table for people. */
export function resultText(result: BootstrapResult): string {
  const { machine, k3s, rounds } = result;
  const number = (value: number, unit: Figure["unit"]): string => (unit === "s" ? value.toFixed(1) : `${value}`);
  const rows = (Object.keys(figures) as FigureName[]).map((name) => {
    const { unit, min, median, max } = result.figures[name];
    return [figures[name][0], ...[min, median, max].map((value) => number(value, unit)), unit];
  });
  const table = [["", "min", "median", "max", ""], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ")
      .trimEnd();
  return [
    `Node.js ${machine.node}, ${machine.cpus} CPUs, ${rounds} rounds in turn. ${k3sText(k3s)}`,
    "",
    ...table.map(line),
    "",
    ...verdicts(result),
    "Ratios are of the best rounds. A missed target fails the command with --check only: a benchmark is no timed test.",
  ].join("\n");
}

function k3sText({ version, real, pace }: BootstrapResult["k3s"]): string {
  if (real) return `k3s ${version}.`;
  const given = Object.entries(pace).map(([name, seconds]) => `${name}=${seconds}`);
  return (
    `A stand-in for k3s, at the pace of a real one (three servers: 7, 26 and 26 s): ${given.join(" ")}. ` +
    "Set K3S_BIN and K3S_INSTALLER for a real one."
  );
}

function verdicts({ ratios, figures: found, met }: BootstrapResult): readonly string[] {
  const verdict = (name: Target, value: string): string =>
    `${met[name] ? "met   " : "MISSED"}  ${value}, at most ${targets[name]}`;
  return [
    verdict("joins", `joins take ${ratios.joins.toFixed(2)} times the plain script`),
    verdict("secondRun", `an up without a change takes ${ratios.secondRun.toFixed(2)} times the empty program`),
    verdict("secondRunSessions", `it opens ${found.secondRunSessions.max} SSH sessions`),
    verdict("addedAgentHosts", `an agent more on 100 nodes: sessions with ${found.addedAgentHosts.max} hosts`),
    verdict("removedAgentHosts", `an agent less: sessions with ${found.removedAgentHosts.max} hosts`),
  ];
}
