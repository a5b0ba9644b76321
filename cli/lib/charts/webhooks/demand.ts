import { isRecord, type KubernetesObject } from "../kubernetes.ts";

/** What an admission webhook demands of objects, beyond the schema of their kinds. */
export interface Demand {
  /** The chart whose webhook it is. */
  readonly chart: string;
  readonly kinds: readonly string[];
  /** In one sentence. */
  readonly demands: string;
  /** File and symbol, at the version that the chart brings. */
  readonly source: string;
  /** What it says against an object. Empty: it lets it pass. */
  refuses(object: KubernetesObject, beside: Beside): readonly string[];
}

/** What else of the site a webhook looks at. */
export interface Beside {
  readonly all: readonly KubernetesObject[];
  /** Of the release of a chart; absent where the site has none. */
  readonly namespaceOf: (chart: string) => string | undefined;
}

/** Rows of one chart, with the tree that their sources stand in. */
export function demandsOf(chart: string, tree: string, rows: readonly Omit<Demand, "chart">[]): readonly Demand[] {
  return rows.map((row) => ({ ...row, chart, source: `${tree}/${row.source}` }));
}

/** A demand on what nothing here sets so far: who sets it reads first what the webhook makes of it, and gives it a row. */
export function unread(kinds: readonly string[], source: string, paths: readonly string[]): Omit<Demand, "chart"> {
  return {
    kinds,
    demands: `more of ${paths.join(", ")}; nothing here sets them`,
    source,
    refuses: (object) =>
      paths
        .filter((path) => valueAt(object, path) !== undefined)
        .map((path) => `nobody has read what it demands of ${path}`),
  };
}

/** What stands at a dotted path. */
export function valueAt(object: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((at, key) => (isRecord(at) ? at[key] : undefined), object);
}

export function textsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

export const doubled = (items: readonly string[]): readonly string[] => [
  ...new Set(items.filter((item, index) => items.indexOf(item) !== index)),
];

/** A problem where something holds. */
export const when = (holds: boolean, problem: string): readonly string[] => (holds ? [problem] : []);

export const sameKind = (object: KubernetesObject, { all }: Beside): readonly KubernetesObject[] =>
  all.filter(
    (other) =>
      other.kind === object.kind &&
      other.apiVersion === object.apiVersion &&
      other.metadata.namespace === object.metadata.namespace &&
      other.metadata.name !== object.metadata.name,
  );
