import { isRecord, listAt, mapAt, textAt, type Json } from "./kubernetes.ts";

/** A name that has to be there, with its key where one is read. */
export interface NameReference {
  readonly kind: "Secret" | "ConfigMap" | "PersistentVolumeClaim" | "ServiceAccount" | "StorageClass";
  readonly name: string;
  /** Absent for kinds that are in no namespace. */
  readonly namespace?: string | undefined;
  readonly key?: string | undefined;
}

/** What a pod reads by name. What it marks as optional may be missing. */
export function referencesOf(spec: Json, namespace: string, claimTemplates: readonly Json[]): readonly NameReference[] {
  const own = new Set(claimTemplates.map((claim) => textAt(claim, "metadata", "name")));
  const containers = [...listAt(spec, "initContainers"), ...listAt(spec, "containers")];
  const found = [
    ...containers.flatMap((container) => ofEnvironment(container, namespace)),
    ...listAt(spec, "volumes")
      .filter(({ name }) => !own.has(String(name)))
      .flatMap((volume) => ofVolume(volume, namespace)),
    ...listAt(spec, "imagePullSecrets").flatMap(({ name }) => named("Secret", name, { namespace })),
    ...named("ServiceAccount", spec["serviceAccountName"] ?? "default", { namespace }),
    ...claimTemplates.flatMap((claim) => named("StorageClass", mapAt(claim, "spec")["storageClassName"], {})),
  ];
  const texts = new Map(found.map((reference) => [JSON.stringify(reference), reference]));
  return [...texts.values()].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

type Kind = NameReference["kind"];

/** Of something named in a namespace; a name that is not said is no reference. */
function named(
  kind: Kind,
  name: unknown,
  where: { readonly namespace?: string; readonly key?: unknown },
): NameReference[] {
  if (typeof name !== "string" || name === "") return [];
  const { namespace, key } = where;
  return [
    { kind, name, ...(namespace === undefined ? {} : { namespace }), ...(typeof key === "string" ? { key } : {}) },
  ];
}

const kinds = {
  secretKeyRef: "Secret",
  secretRef: "Secret",
  configMapKeyRef: "ConfigMap",
  configMapRef: "ConfigMap",
} as const;

function ofEnvironment(container: Json, namespace: string): NameReference[] {
  const sources = [...listAt(container, "env").map((one) => mapAt(one, "valueFrom")), ...listAt(container, "envFrom")];
  return sources.flatMap((source) =>
    Object.entries(kinds).flatMap(([field, kind]) => {
      const { name, key, optional } = mapAt(source, field);
      return optional === true ? [] : named(kind, name, { namespace, key });
    }),
  );
}

function ofVolume(volume: Json, namespace: string): NameReference[] {
  const { secret, configMap, persistentVolumeClaim, projected } = volume;
  const below = isRecord(projected)
    ? listAt(projected, "sources").flatMap((source) => ofVolume(source, namespace))
    : [];
  return [
    ...ofFiles("Secret", secret, namespace),
    ...ofFiles("ConfigMap", configMap, namespace),
    ...(isRecord(persistentVolumeClaim)
      ? named("PersistentVolumeClaim", persistentVolumeClaim["claimName"], { namespace })
      : []),
    ...below,
  ];
}

function ofFiles(kind: "Secret" | "ConfigMap", source: unknown, namespace: string): NameReference[] {
  if (!isRecord(source) || source["optional"] === true) return [];
  const name = source["secretName"] ?? source["name"];
  const items = listAt(source, "items");
  return items.length === 0
    ? named(kind, name, { namespace })
    : items.flatMap(({ key }) => named(kind, name, { namespace, key }));
}
