import { toMebibytes, type Bytes, type SiteTopology, type StorageClassFacts } from "@isthmus/core";

/**
 * Per cent of a node's root disk that is left free: from 85 % on, the kubelet deletes images that nothing runs from, and those are
 * pulled again when they are needed (`imageGCHighThresholdPercent`). k3s' images lie on the same disk as the volumes of local-path.
 * https://github.com/kubernetes/kubernetes/blob/v1.34.3/pkg/kubelet/apis/config/v1beta1/defaults.go
 */
const leftFreePercent = 15;

/**
 * What volumes of k3s' own StorageClass take: folders on the disk of whichever node their pod runs on. No taint keeps them away.
 * https://docs.k3s.io/storage
 */
export const localPathClass = (site: SiteTopology): StorageClassFacts => ({
  name: "local-path",
  copies: 1,
  apartByHost: false,
  follows: "pod",
  path: "/var/lib/rancher/k3s/storage",
  tolerations: site.nodes.flatMap(({ taints }) => taints),
  reservedPercent: leftFreePercent,
  overProvisioningPercent: 100,
});

/**
 * MiB that etcd's database has at most: `DefaultQuotaBytes`, which k3s leaves as it is. A snapshot is a copy of it.
 * https://github.com/etcd-io/etcd/blob/f5dc18a2989fbc8771dadf888562003d1e9eff95/server/storage/quota.go#L28-L33
 */
const etcdQuota = 2048;

/**
 * How large each of `retention` snapshots may be, in MiB, so that a server's root disk has room for all of them beside etcd's
 * database at its largest; `undefined` where every snapshot may be as large as that.
 */
export function roomForSnapshot(rootDisk: Bytes, retention: number): number | undefined {
  const left = (toMebibytes(rootDisk) * (100 - leftFreePercent)) / 100 - etcdQuota;
  const each = Math.max(0, Math.floor(left / retention));
  return each >= etcdQuota ? undefined : each;
}
