import { setTimeout as sleep } from "node:timers/promises";
import { listAt, textAt, textsAt, type KubernetesObject } from "../../../cli/lib/charts/kubernetes.ts";
import { Refusal, type Api } from "./api.ts";

const node = (name: string): KubernetesObject => ({ apiVersion: "v1", kind: "Node", metadata: { name } });

/** Lets no more pods onto a node, or lets them again. */
export async function cordon(api: Api, name: string, unschedulable: boolean): Promise<void> {
  await api.merge(node(name), { spec: { unschedulable } });
}

/**
 * Evicts what is on a node as `kubectl drain --ignore-daemonsets` does: what a budget keeps is asked for again, until it goes or time is up.
 * Longhorn's instance managers stay: its manager takes them away itself.
 * @returns what is still there, with the reason
 */
export async function drain(api: Api, name: string, seconds: number): Promise<readonly string[]> {
  await cordon(api, name, true);
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const pods = (await api.list({ apiVersion: "v1", kind: "Pod" })).filter((pod) => isDrained(pod, name));
    const kept = (await Promise.all(pods.map((pod) => evict(api, pod)))).flatMap((reason) => reason ?? []);
    if (pods.length === 0 || Date.now() > deadline) return kept;
    await sleep(500);
  }
}

const isDrained = (pod: KubernetesObject, on: string): boolean =>
  textAt(pod, "spec", "nodeName") === on &&
  !listAt(pod.metadata, "ownerReferences").some(({ kind }) => kind === "DaemonSet") &&
  textsAt(pod.metadata, "labels")["longhorn.io/component"] !== "instance-manager";

async function evict(api: Api, pod: KubernetesObject): Promise<string | undefined> {
  const { name, namespace = "" } = pod.metadata;
  const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace } };
  try {
    await api.ask("POST", `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, { body: eviction });
    return undefined;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return error.status === 404 ? undefined : `${namespace}/${name}: ${error.message}`;
  }
}
