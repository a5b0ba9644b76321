// Pure: no Pulumi. The component is in `@isthmus/k3s/components`.
export { clusterAccess, type ClusterAccess } from "./access.ts";
export { reliedOn } from "./checksums.ts";
export { agentConfig, nodeFiles, registrationFile, serverConfig, snapshotStoreFile, type HostFile } from "./config.ts";
export {
  maintenanceOrder,
  quorumRefusal,
  workThrough,
  type Maintenance,
  type MaintenanceOrder,
  type NodeWork,
  type ServerHealth,
} from "./maintenance.ts";
export { daysLeft, endsIn, kubeconfigEnd, readAnewWithinDays } from "./kubeconfig.ts";
export { letGo, type AskedOfServers } from "./let-go.ts";
export { serverTokenGeneration, tokenFingerprint } from "./fingerprint.ts";
export { joinOrder, type JoinOrder, type K3sNode, type K3sTaint } from "./node.ts";
export {
  describeUpdate,
  hostUpdates,
  lookForUpdates,
  osUpdate,
  rebootPolicies,
  type HostUpdates,
  type LookedForUpdates,
  type RebootPolicy,
  type UpdateRequest,
} from "./os-updates.ts";
export {
  installParameters,
  installSecrets,
  machineLabel,
  memberParameters,
  preflightParameters,
  statusParameters,
  type NodeLiveFacts,
} from "./parameters.ts";
export { images, pinnedReleases } from "./pins.ts";
export { localPathClass, roomForSnapshot } from "./root-disk.ts";
export { peersOf } from "./roster.ts";
export {
  clusterFindings,
  clusterIdentifier,
  planCluster,
  plannedNodes,
  type ClusterFacts,
  type ClusterFinding,
  type ClusterPlan,
  type NodePlan,
} from "./plan.ts";
export { restoreStages, type RestoreRequest, type Step } from "./restore.ts";
export {
  chooseSnapshot,
  chooseToken,
  keptServerTokens,
  parseFingerprints,
  parseSnapshots,
  restoreObstacles,
  snapshotStep,
  snapshotsStep,
  snapshotTokenStep,
  type FoundSnapshot,
} from "./snapshots.ts";
export {
  certificateRotation,
  certificateValidDays,
  lookAtCertificates,
  needsRotation,
  nodeCertificates,
  type NodeCertificates,
  type RotationRequest,
} from "./rotation.ts";
export { k3sSettings, type K3sSettings, type K3sSettingsInput } from "./schema.ts";
export { longestPause, oldestSnapshot } from "./schedule.ts";
export { scripts } from "./scripts.ts";
export { clusterUpkeep, type ClusterUpkeep } from "./upkeep.ts";
