import type { HostAccess } from "@isthmus/core";
import { hostAccessOf } from "./host-access.ts";
import { hookOf, isRecord, listAt, mapAt, textAt, textsAt, type Json, type KubernetesObject } from "./kubernetes.ts";
import { madeOf } from "./operated.ts";
import { podSecurityLevel, type PodSecurityLevel } from "./pod-security.ts";
import { referencesOf, type NameReference } from "./references.ts";

/** What is known of one container of a pod. */
export interface ContainerFacts {
  readonly name: string;
  /** It ends before the others start. One that restarts always runs beside them and does not count as one. */
  readonly init: boolean;
  readonly image: string;
  readonly requests: Readonly<Record<string, string>>;
  readonly limits: Readonly<Record<string, string>>;
  readonly ports: readonly {
    readonly name?: string | undefined;
    readonly port: number;
    readonly hostPort?: number | undefined;
  }[];
}

/** What is known of the pods that one object makes. */
export interface PodFacts {
  readonly controller: string;
  readonly name: string;
  readonly namespace: string;
  /** When Helm makes them, where they are no part of what stays. */
  readonly hook?: string | undefined;
  readonly replicas?: number | undefined;
  /** How they are replaced when they change. */
  readonly update: Json;
  readonly labels: Readonly<Record<string, string>>;
  readonly serviceAccount: string;
  /** What they have of their hosts. */
  readonly hostAccess: readonly HostAccess[];
  readonly level: PodSecurityLevel;
  readonly affinity: Json;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly Json[];
  readonly containers: readonly ContainerFacts[];
  /** Claims that each pod gets one of. */
  readonly claims: readonly {
    readonly name: string;
    readonly size: string;
    readonly storageClass?: string | undefined;
  }[];
  readonly references: readonly NameReference[];
}

const controllers = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Pod"];

/** The pods that objects make, and those that operators make of objects, as far as they follow from them (`operated.ts`). */
export function podsIn(objects: readonly KubernetesObject[], namespace: string): readonly PodFacts[] {
  return objects.flatMap((object) => {
    if (controllers.includes(object.kind)) return [podsOf(object, namespace)];
    const made = madeOf(object, objects);
    return made === undefined ? [] : [{ ...podsOf(made, namespace), controller: "operator" }];
  });
}

function podsOf(object: KubernetesObject, releaseNamespace: string): PodFacts {
  const { kind, metadata } = object;
  const template = templateOf(object);
  const spec = mapAt(template, "spec");
  const namespace = metadata.namespace ?? releaseNamespace;
  const own = mapAt(object, "spec");
  return {
    controller: kind,
    name: metadata.name,
    namespace,
    hook: hookOf(object),
    ...(kind === "Deployment" || kind === "StatefulSet" ? { replicas: Number(own["replicas"] ?? 1) } : {}),
    update: { ...mapAt(own, "strategy"), ...mapAt(own, "updateStrategy") },
    labels: textsAt(template, "metadata", "labels"),
    serviceAccount: textAt(spec, "serviceAccountName") ?? "default",
    hostAccess: hostAccessOf(spec),
    level: podSecurityLevel(spec),
    affinity: mapAt(spec, "affinity"),
    nodeSelector: textsAt(spec, "nodeSelector"),
    tolerations: listAt(spec, "tolerations"),
    containers: containersOf(spec),
    claims: listAt(own, "volumeClaimTemplates").map((claim) => ({
      name: textAt(claim, "metadata", "name") ?? "",
      size: textAt(claim, "spec", "resources", "requests", "storage") ?? "",
      storageClass: textAt(claim, "spec", "storageClassName"),
    })),
    references: referencesOf(spec, namespace, listAt(own, "volumeClaimTemplates")),
  };
}

function templateOf(object: KubernetesObject): Json {
  if (object.kind === "Pod") return object;
  if (object.kind === "CronJob") return mapAt(object, "spec", "jobTemplate", "spec", "template");
  return mapAt(object, "spec", "template");
}

function containersOf(spec: Json): readonly ContainerFacts[] {
  const facts = (container: Json, init: boolean): ContainerFacts => ({
    name: textAt(container, "name") ?? "",
    init: init && container["restartPolicy"] !== "Always",
    image: textAt(container, "image") ?? "",
    requests: textsAt(container, "resources", "requests"),
    limits: textsAt(container, "resources", "limits"),
    ports: listAt(container, "ports").map((port) => ({
      name: textAt(port, "name"),
      port: Number(port["containerPort"]),
      ...(typeof port["hostPort"] === "number" ? { hostPort: port["hostPort"] } : {}),
    })),
  });
  return [
    ...listAt(spec, "initContainers").map((container) => facts(container, true)),
    ...listAt(spec, "containers").map((container) => facts(container, false)),
  ];
}

/** Whether labels satisfy a label selector; an empty one selects all. https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/ */
export function selects(selector: Json, labels: Readonly<Record<string, string>>): boolean {
  const wanted =
    isRecord(selector["matchLabels"]) || "matchExpressions" in selector ? selector : { matchLabels: selector };
  return (
    Object.entries(textsAt(wanted, "matchLabels")).every(([key, value]) => labels[key] === value) &&
    listAt(wanted, "matchExpressions").every(({ key, operator, values }) => {
      const value = labels[String(key)];
      const among = Array.isArray(values) && value !== undefined && values.includes(value);
      if (operator === "In") return among;
      if (operator === "NotIn") return !among;
      return operator === "Exists" ? value !== undefined : value === undefined;
    })
  );
}
