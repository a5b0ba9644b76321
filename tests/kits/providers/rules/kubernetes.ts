/**
 * `@pulumi/kubernetes` 4.34.2 against a simulated cluster. A create of what exists is refused, since 4.29, unless the
 * provider has `upsertExistingObjects`. Source: https://github.com/pulumi/pulumi-kubernetes, its CHANGELOG and provider.
 */
import type { PackageRules, ProviderDiff } from "../contract.ts";
import { changes } from "../diff.ts";
import { activeCluster } from "../kubeconfig.ts";
import { contains, revealAll, type Properties } from "../values.ts";
import { objectRules } from "./kubernetes-objects.ts";
import { releaseRules } from "./kubernetes-release.ts";

const CLUSTER_SETTINGS = ["kubeconfig", "context", "cluster"];

export const rules: PackageRules = {
  resource: (type) => (type === "kubernetes:helm.sh/v3:Release" ? releaseRules : objectRules(type)),
  diffConfig,
};

/** With the same `clusterIdentifier` before and after nothing replaces; another one replaces; without one, the cluster in the kubeconfig decides. */
function diffConfig(before: Properties, after: Properties): ProviderDiff {
  const changed = [...new Set(changes(before, after).map((change) => change.path.split(".")[0] ?? change.path))];
  const [was, is] = [revealAll(before)["clusterIdentifier"], revealAll(after)["clusterIdentifier"]];
  if (is !== undefined && was === is) return { changed, replaces: [] };
  const identifier = was !== undefined && is !== undefined ? ["clusterIdentifier"] : [];
  const unknown = CLUSTER_SETTINGS.filter((setting) => contains(after[setting], "unknown"));
  if (unknown.length > 0) return { changed: unknown.slice(0, 1), replaces: [...identifier, ...unknown.slice(0, 1)] };
  return { changed, replaces: [...identifier, ...otherCluster(before, after, changed)] };
}

function otherCluster(before: Properties, after: Properties, changed: readonly string[]): readonly string[] {
  const [was, is] = [activeCluster(revealAll(before)), activeCluster(revealAll(after))];
  if (was === undefined || is === undefined || JSON.stringify(was) === JSON.stringify(is)) return [];
  return CLUSTER_SETTINGS.filter((setting) => changed.includes(setting));
}
