// Pure: no Pulumi. The component is in `@isthmus/k3s/components`.
export { clusterAccess, reachedOver, type ClusterAccess } from "./plan/access.ts";
export { checksumsOf, reliedOn } from "./settings/checksums.ts";
export { checksumsUrl, defaultVersion } from "./settings/pins.ts";
export { rules } from "./rules.ts";
export {
  agentConfig,
  nodeFiles,
  registrationFile,
  serverConfig,
  snapshotStoreFile,
  type HostFile,
} from "./files/config.ts";
export {
  maintenanceOrder,
  quorumRefusal,
  workThrough,
  type Maintenance,
  type MaintenanceOrder,
  type NodeWork,
  type ServerHealth,
} from "./operations/maintenance.ts";
export { daysLeft, endsIn, kubeconfigEnd, readAnewWithinDays } from "./resources/kubeconfig.ts";
export { letGo, type AskedOfServers } from "./operations/let-go.ts";
export { serverTokenGeneration, tokenFingerprint } from "./plan/fingerprint.ts";
export { joinOrder, type JoinOrder, type K3sNode, type K3sTaint } from "./plan/node.ts";
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
} from "./operations/os-updates.ts";
export {
  installParameters,
  installSecrets,
  machineLabel,
  memberParameters,
  preflightParameters,
  statusParameters,
  type NodeLiveFacts,
} from "./plan/parameters.ts";
export { images, pinnedReleases } from "./settings/pins.ts";
export { localPathClass, roomForSnapshot } from "./plan/root-disk.ts";
export { peersOf } from "./plan/roster.ts";
export {
  clusterFindings,
  clusterIdentifier,
  planCluster,
  plannedNodes,
  type ClusterFacts,
  type ClusterPlan,
  type NodePlan,
} from "./plan/plan.ts";
export { restoreStages, type RestoreRequest } from "./operations/restore.ts";
export type { Step } from "./operations/step.ts";
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
} from "./operations/snapshots.ts";
export {
  certificateRotation,
  certificateValidDays,
  lookAtCertificates,
  needsRotation,
  nodeCertificates,
  type NodeCertificates,
  type RotationRequest,
} from "./operations/rotation.ts";
export { k3sSettings, type K3sSettings, type K3sSettingsInput } from "./settings/schema.ts";
export { longestPause, oldestSnapshot } from "./settings/schedule.ts";
export { scripts } from "./scripts/scripts.ts";
export { clusterUpkeep, type ClusterUpkeep } from "./resources/upkeep.ts";
export { knownVersions } from "./settings/versions.ts";
