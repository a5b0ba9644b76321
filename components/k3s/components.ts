export { K3sCluster, type K3sClusterArgs } from "./resources/cluster.ts";
export type { ClusterTokens } from "./resources/tokens.ts";
