/** Seconds until a silent node counts as lost: `node-monitor-grace-period`, 40 s before Kubernetes 1.32, 50 s since. */
export const nodeNoticeSeconds = 50;
/** Seconds a pod stays bound to a lost node: the default toleration of `node.kubernetes.io/unreachable`. */
export const evictionSeconds = 300;
/** Seconds until a volume is taken from a lost node by force: `maxWaitForUnmountDuration`, fixed in Kubernetes. */
export const volumeReleaseSeconds = 360;

/** Seconds from the loss of a node until a member that may move is started elsewhere. */
export function moveSeconds(hasVolume: boolean): number {
  return nodeNoticeSeconds + evictionSeconds + (hasVolume ? volumeReleaseSeconds : 0);
}
