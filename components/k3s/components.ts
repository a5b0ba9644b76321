export { K3sCluster, type K3sClusterArgs } from "./cluster.ts";
export type { ClusterTokens } from "./tokens.ts";
