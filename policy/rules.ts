import type { Rule } from "./rule.ts";
import { etcdOnDistinctHosts } from "./rules/placement/etcd-on-distinct-hosts.ts";
import { noLatestImage } from "./rules/security/no-latest-image.ts";
import { noSecretInChartValues } from "./rules/security/no-secret-in-chart-values.ts";
import { publicRouteProtected } from "./rules/security/public-route-protected.ts";
import { storedDataBackedUp } from "./rules/safety/stored-data-backed-up.ts";

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
