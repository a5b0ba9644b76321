export { K3sCluster, type ClusterTokens, type K3sClusterArgs } from "./cluster.ts";
