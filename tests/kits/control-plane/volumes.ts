import type { StorageClassFacts } from "@isthmus/core";
import { localPathClass } from "@isthmus/k3s";
import { setTimeout as sleep } from "node:timers/promises";
import { listAt, mapAt, textAt, type KubernetesObject } from "../../../cli/lib/charts/kubernetes.ts";
import type { SitePlan } from "../../../plan/plans.ts";
import type { Api } from "./api.ts";

/** StorageClasses of a site, as its plan states them. */
export const classesOf = ({ facts, services }: SitePlan): readonly StorageClassFacts[] => [
  ...services.flatMap(({ footprint }) => footprint.storageClasses ?? []),
  ...(facts.kubernetes.localStorage ? [localPathClass(facts.topology)] : []),
];

/** k3s' own class: https://github.com/k3s-io/k3s/blob/v1.34.3%2Bk3s1/manifests/local-storage.yaml */
export const localPath: KubernetesObject = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name: "local-path", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
  provisioner: "rancher.io/local-path",
  volumeBindingMode: "WaitForFirstConsumer",
  reclaimPolicy: "Delete",
};

/**
 * Stands in for provisioners: gives each claim a volume as its class has them. One that follows its pod is on the node that the
 * scheduler chose, and is reached from there alone.
 * @returns ends it
 */
export function provision(api: Api, classes: readonly StorageClassFacts[]): () => Promise<void> {
  const stop = new AbortController();
  const running = (async () => {
    while (!stop.signal.aborted) {
      await provisionOnce(api, classes);
      await sleep(400);
    }
  })();
  return async () => {
    stop.abort();
    await running;
  };
}

async function provisionOnce(api: Api, classes: readonly StorageClassFacts[]): Promise<void> {
  const claims = await api.list({ apiVersion: "v1", kind: "PersistentVolumeClaim" });
  const volumes = await api.list({ apiVersion: "v1", kind: "PersistentVolume" });
  const taken = new Set(volumes.map(({ metadata }) => metadata.name));
  for (const claim of claims) {
    const uid = textAt(claim.metadata, "uid") ?? "";
    const known = classes.find(({ name }) => name === textAt(claim, "spec", "storageClassName"));
    const node = textAt(claim.metadata, "annotations", "volume.kubernetes.io/selected-node");
    if (known === undefined || taken.has(`pv-${uid}`) || (known.follows === "pod" && node === undefined)) continue;
    await api.create({ apiVersion: "v1", kind: "PersistentVolume" }, volume(claim, known, node));
  }
}

function volume(claim: KubernetesObject, { name, path, follows }: StorageClassFacts, node: string | undefined): object {
  const { name: claimName, namespace } = claim.metadata;
  const uid = textAt(claim.metadata, "uid") ?? "";
  const here = { key: "kubernetes.io/hostname", operator: "In", values: [node] };
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: `pv-${uid}` },
    spec: {
      storageClassName: name,
      accessModes: ["ReadWriteOnce"],
      capacity: mapAt(claim, "spec", "resources", "requests"),
      persistentVolumeReclaimPolicy: "Retain",
      claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", name: claimName, namespace, uid },
      ...(follows === "pod"
        ? { local: { path }, nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [here] }] } } }
        : { csi: { driver: "volumes.example", volumeHandle: uid } }),
    },
  };
}

/**
 * Deletes pods of a dead node for good that hold a volume which can move, once they are to go: what Longhorn's
 * `nodeDownPodDeletionPolicy` of both kinds does. https://longhorn.io/docs/1.12.1/high-availability/node-failure/
 */
export async function freeAsLonghorn(api: Api, node: string): Promise<void> {
  const volumes = await api.list({ apiVersion: "v1", kind: "PersistentVolume" });
  const movable = new Set(
    volumes
      .filter((one) => textAt(one, "spec", "csi", "driver") !== undefined)
      .map(
        (one) =>
          `${textAt(one, "spec", "claimRef", "namespace") ?? ""}/${textAt(one, "spec", "claimRef", "name") ?? ""}`,
      ),
  );
  for (const pod of await api.list({ apiVersion: "v1", kind: "Pod" })) {
    const claims = listAt(pod, "spec", "volumes").flatMap(
      (one) => textAt(one, "persistentVolumeClaim", "claimName") ?? [],
    );
    const holds = claims.some((claim) => movable.has(`${pod.metadata.namespace ?? ""}/${claim}`));
    const leaving = textAt(pod.metadata, "deletionTimestamp") !== undefined;
    if (textAt(pod, "spec", "nodeName") === node && leaving && holds) await api.remove(pod, "?gracePeriodSeconds=0");
  }
}
