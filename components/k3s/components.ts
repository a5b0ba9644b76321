export type { K3sClusterArgs } from "./resources/arguments.ts";
export { K3sCluster } from "./resources/cluster.ts";
export type { ClusterTokens } from "./resources/tokens.ts";
