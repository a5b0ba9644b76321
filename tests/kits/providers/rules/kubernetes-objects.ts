/** Objects of the Kubernetes API: named, in a namespace that exists, of a kind that the cluster knows. */
import { createHash, randomBytes, randomUUID } from "node:crypto";

import {
  Refusal,
  type Call,
  type Checked,
  type DiffCall,
  type Draft,
  type ExistingCall,
  type ResourceRules,
} from "../contract.ts";
import { touches, type Change } from "../diff.ts";
import { text, thing } from "../things.ts";
import { at, isObject, isUnknown, textAt, type Properties } from "../values.ts";
import { clusterOf, declared, defaultNamespace, requireNamespace } from "./kubernetes-cluster.ts";
import { applied, fieldManagerName, relinquished, type Managers } from "./kubernetes-managers.ts";
import { requireAdmission } from "./kubernetes-webhooks.ts";
import { groupOf, installedGroups, isBuiltInGroup, isNamespaced } from "./kubernetes-kinds.ts";

const AUTONAMED = "pulumi.com/autonamed";

/** Fields that the API server never changes in place. */
const IMMUTABLE: Readonly<Record<string, readonly string[]>> = {
  "apps.Deployment": ["spec.selector"],
  "apps.DaemonSet": ["spec.selector"],
  "apps.StatefulSet": ["spec.selector", "spec.serviceName", "spec.podManagementPolicy", "spec.volumeClaimTemplates"],
  "batch.Job": ["spec.selector", "spec.template", "spec.completions", "spec.completionMode"],
  "core.PersistentVolumeClaim": ["spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeName"],
  "rbac.authorization.k8s.io.RoleBinding": ["roleRef"],
  "rbac.authorization.k8s.io.ClusterRoleBinding": ["roleRef"],
  "storage.k8s.io.StorageClass": ["parameters", "provisioner"],
};

interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
  /** `core.Secret`, `metallb.io.IPAddressPool` */
  readonly name: string;
  readonly namespaced: boolean;
}

/** `kubernetes:<group>/<version>:<Kind>`; undefined where Kubernetes has no such kind. */
export function objectRules(type: string): ResourceRules | undefined {
  const [, groupVersion = "", kind = ""] = type.split(":");
  const apiVersion = groupVersion.replace(/^core\//, "");
  const group = groupOf(apiVersion);
  const namespaced = isNamespaced(group, kind);
  if (namespaced === undefined || kind === "") return undefined;
  return rulesOf({ apiVersion, kind, name: `${group}.${kind}`, namespaced });
}

function rulesOf(kind: Kind): ResourceRules {
  const place = (call: Call): readonly string[] => placeOf(kind, call);
  const base = thing({
    replaceOn: [],
    key: place,
    id: (call) => (kind.namespaced ? `${namespaceOf(call.inputs)}/${nameOf(call.inputs)}` : nameOf(call.inputs)),
    outputs: (call) => outputs(kind, call),
    taken: (call) => {
      const plural = `${kind.kind.toLowerCase()}s${isBuiltInGroup(groupOf(kind.apiVersion)) ? "" : `.${groupOf(kind.apiVersion)}`}`;
      return `${plural} "${nameOf(call.inputs)}" already exists\n\nThe resource already exists in the cluster.`;
    },
    before: (call) => {
      requireKind(kind, call);
      if (kind.namespaced) requireNamespace(call, namespaceOf(call.inputs));
      requireAdmission(call);
    },
    importKey: (id, call) => importPlace(kind, id, call),
  });
  return {
    ...base,
    ...(kind.name === "core.Secret" ? { secrets: ["data", "stringData"] } : {}),
    computed: kind.name === "core.Service" ? ["status"] : [],
    check: (draft) => check(kind, draft),
    replaces: (change, call) => replaces(kind, change, call),
    deleteBeforeReplace: (call) => keepsItsName(call),
    create: (call) => {
      const upserts = at(call.world.config, "upsertExistingObjects") === true;
      if (!upserts || call.world.store.get(place(call)) === undefined) {
        const made = base.create(call);
        return { ...made, outputs: { ...made.outputs, __fieldManager: applyTo(kind, { ...call, state: {} }) } };
      }
      base.before?.(call);
      const __fieldManager = applyTo(kind, { ...call, state: {} });
      return { id: base.id(call), outputs: { ...outputs(kind, call), __fieldManager } };
    },
    update: (call) => {
      base.before?.(call);
      if (call.world.store.get(place(call)) === undefined) throw new Refusal(`${call.id} does not exist any more`);
      const __fieldManager = applyTo(kind, call);
      return { ...outputs(kind, call), __fieldManager };
    },
    read: (call) => {
      const found = base.read?.(call);
      if (found === undefined) return undefined;
      return { ...found, outputs: { ...found.outputs, __fieldManager: fieldManagerName(found.inputs, call.state) } };
    },
    delete: (call) => {
      if (kind.name === "core.Namespace") removeContents(call);
      return base.delete?.(call);
    },
  };
}

/** Writes the object as one apply does, and tells in whose name. Another name than before gives up what that one held. */
function applyTo(kind: Kind, call: Call & { readonly state: Properties }): string {
  const place = placeOf(kind, call);
  const before = call.world.store.get(place);
  const managers = before?.state["managers"] as Managers | undefined;
  const live = managers && { managers, inputs: before?.state["inputs"] as Properties };
  const [manager, former] = [fieldManagerName(call.inputs, call.state), textAt(call.state, "__fieldManager")];
  const force = at(call.world.config, "enablePatchForce") === true;
  const after = applied(live, { manager, force, inputs: call.inputs });
  const { inputs, managers: writers } =
    former === undefined || former === manager ? after : relinquished(after, former);
  const state = { inputs, outputs: outputs(kind, { ...call, inputs }), managers: writers };
  call.world.store.put({ key: place, sameAs: place.join("/"), urn: call.urn, state });
  return manager;
}

function check(kind: Kind, draft: Draft): Checked {
  const metadata = draft.inputs["metadata"] ?? {};
  if (isUnknown(metadata) || !isObject(metadata)) return { inputs: draft.inputs, failures: [] };
  const named = metadata["name"] !== undefined ? metadata : { ...metadata, ...autoname(draft) };
  const placed =
    kind.namespaced && named["namespace"] === undefined
      ? { ...named, namespace: defaultNamespace(draft.world) }
      : named;
  const inputs = { ...draft.inputs, apiVersion: kind.apiVersion, kind: kind.kind, metadata: placed };
  return { inputs, failures: [] };
}

/** A name that was made up once stays. */
function autoname(draft: Draft): Properties {
  const annotations = at(draft.inputs, "metadata.annotations");
  const marked = { ...(isObject(annotations) ? annotations : {}), [AUTONAMED]: "true" };
  const before = at(draft.before, "metadata.annotations");
  const kept = isObject(before) && before[AUTONAMED] === "true" ? textAt(draft.before, "metadata.name") : undefined;
  return { name: kept ?? `${draft.name}-${randomBytes(4).toString("hex")}`, annotations: marked };
}

function replaces(kind: Kind, change: Change, call: DiffCall): boolean {
  const mutable = (setting: string): boolean =>
    at(call.world.config, setting) === true && at(call.before, "immutable") !== true;
  const fields = ["metadata.name", "metadata.namespace", ...(IMMUTABLE[kind.name] ?? [])];
  if (kind.name === "core.Secret" && !mutable("enableSecretMutable")) fields.push("type", "data", "stringData");
  if (kind.name === "core.ConfigMap" && !mutable("enableConfigMapMutable")) fields.push("data", "binaryData");
  return touches(change.path, fields);
}

/** A name that the program gave cannot be had twice: the old object goes first. */
function keepsItsName(call: DiffCall): boolean {
  const annotations = at(call.after, "metadata.annotations");
  if (isObject(annotations) && annotations[AUTONAMED] === "true") return false;
  const same = (path: string): boolean => at(call.before, path) === at(call.after, path);
  return same("metadata.name") && same("metadata.namespace");
}

function requireKind(kind: Kind, call: Call): void {
  const group = groupOf(kind.apiVersion);
  if (isBuiltInGroup(group)) return;
  const definitions = declared(call, "apiextensions.k8s.io.CustomResourceDefinition");
  if (installedGroups(declared(call, "Release"), definitions).has(group)) return;
  throw new Refusal(`no matches for kind "${kind.kind}" in version "${kind.apiVersion}": its CRD is not installed`);
}

function outputs(kind: Kind, call: Call): Properties {
  const metadata = isObject(call.inputs["metadata"]) ? call.inputs["metadata"] : {};
  const known = call.world.store.get(placeOf(kind, call))?.state;
  const held = at(known ?? {}, "outputs.metadata");
  const uid = isObject(held) && typeof held["uid"] === "string" ? held["uid"] : randomUUID();
  const resourceVersion = createHash("sha256").update(JSON.stringify(call.inputs)).digest("hex").slice(0, 8);
  return {
    metadata: { ...metadata, uid, resourceVersion },
    ...secretData(kind, call.inputs, known ?? {}),
    ...serviceStatus(kind, call),
  };
}

/**
 * The API server keeps `stringData` as `data`, and no writer of `stringData` holds a field of it: what came that way stays
 * when it is declared no more. As a kube-apiserver v1.34.3 answered; https://github.com/kubernetes/kubernetes/issues/108008.
 */
function secretData(kind: Kind, inputs: Properties, before: Properties): Properties {
  if (kind.name !== "core.Secret") return {};
  const parts = (of: Properties, path: string): Properties => {
    const part = at(of, path);
    return isObject(part) ? part : {};
  };
  const declared = parts(before, "inputs.data");
  const left = Object.entries(parts(before, "outputs.data")).filter(([key]) => !(key in declared));
  const encoded = Object.entries(parts(inputs, "stringData")).map(
    ([key, value]) => [key, Buffer.from(typeof value === "string" ? value : "").toString("base64")] as const,
  );
  const data = { ...Object.fromEntries(left), ...parts(inputs, "data"), ...Object.fromEntries(encoded) };
  return Object.keys(data).length === 0 ? {} : { data };
}

/** A LoadBalancer Service is ready when it has an address: the one asked for, or the first of a MetalLB pool. */
function serviceStatus(kind: Kind, call: Call): Properties {
  if (kind.name !== "core.Service") return {};
  if (textAt(call.inputs, "spec.type") !== "LoadBalancer") return { status: { loadBalancer: {} } };
  const annotations = at(call.inputs, "metadata.annotations");
  const asked = isObject(annotations)
    ? textAt({ asked: annotations["metallb.io/loadBalancerIPs"] ?? null }, "asked")
    : undefined;
  const address = asked ?? textAt(call.inputs, "spec.loadBalancerIP") ?? firstOfPool(call);
  if (address === undefined)
    throw new Refusal("Service was not allocated an IP address; does your cloud provider support this?");
  return { status: { loadBalancer: { ingress: [{ ip: address.split(",")[0] ?? "" }] } } };
}

function firstOfPool(call: Call): string | undefined {
  const pools = declared(call, "metallb.io.IPAddressPool");
  const range = pools.map((pool) => textAt(pool, "spec.addresses.0")).find((first) => first !== undefined);
  return range?.split(/[-/]/)[0];
}

/** With a namespace goes all that is in it. */
function removeContents(call: ExistingCall): void {
  const namespace = nameOf(call.state);
  const all = call.world.store.list("kubernetes", clusterOf(call.world));
  for (const inside of all.filter((one) => one.key[3] === namespace)) call.world.store.remove(inside.key);
}

function placeOf(kind: Kind, call: Call): readonly string[] {
  const namespace = kind.namespaced ? namespaceOf(call.inputs) : "";
  return ["kubernetes", clusterOf(call.world), kind.name, namespace, nameOf(call.inputs)];
}

function importPlace(kind: Kind, id: string, call: ExistingCall): readonly string[] {
  const [first = "", second] = id.split("/");
  const [namespace, name] = second === undefined ? [kind.namespaced ? "default" : "", first] : [first, second];
  return ["kubernetes", clusterOf(call.world), kind.name, namespace, name];
}

function nameOf(inputs: Properties): string {
  return text(inputs, "metadata.name");
}

function namespaceOf(inputs: Properties): string {
  return textAt(inputs, "metadata.namespace") ?? "default";
}
