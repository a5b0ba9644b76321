import type { Rule } from "./rule.ts";
import { etcdOnDistinctHosts } from "./rules/etcd-on-distinct-hosts.ts";
import { noLatestImage } from "./rules/no-latest-image.ts";
import { noSecretInChartValues } from "./rules/no-secret-in-chart-values.ts";
import { publicRouteProtected } from "./rules/public-route-protected.ts";
import { storedDataBackedUp } from "./rules/stored-data-backed-up.ts";

/** Every rule of the pack. */
export const rules: readonly Rule[] = [
  // placement
  etcdOnDistinctHosts,
  // security
  noLatestImage,
  noSecretInChartValues,
  publicRouteProtected,
  // safety
  storedDataBackedUp,
];
