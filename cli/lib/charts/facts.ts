import { createHash } from "node:crypto";
import type { JudgedRelease } from "./judgement.ts";
import { imagesIn, type ImageFacts } from "./images.ts";
import { asText, hookOf, listAt, mapAt, textAt, textsAt, type Json, type KubernetesObject } from "./kubernetes.ts";
import { podsIn, type PodFacts } from "./pods.ts";
import { bindingFacts, roleFacts, type BindingFacts, type RoleFacts } from "./rbac.ts";
import type { ChartSource } from "./sources.ts";

/** What is known of what a chart makes of a release's values. Plain data, kept in the project. */
export interface ReleaseFacts extends ObjectFacts {
  readonly release: string;
  readonly namespace: string;
  /** The chart that was rendered. */
  readonly chart: ChartSource;
  /** SHA-256 of the values, as JSON with sorted keys. */
  readonly values: string;
  /** Dotted paths of values that the chart does not read. */
  readonly idle: readonly string[];
  /** Objects as they are rendered, of charts whose programs tests start. */
  readonly whole?: readonly KubernetesObject[];
  readonly judged: JudgedRelease;
}

/** What laws read of objects, whoever makes them. */
export interface ObjectFacts {
  readonly objects: readonly ObjectName[];
  readonly pods: readonly PodFacts[];
  readonly images: readonly ImageFacts[];
  readonly services: readonly ServiceFacts[];
  readonly holders: readonly HolderFacts[];
  readonly certificates: readonly CertificateFacts[];
  readonly webhooks: readonly WebhookFacts[];
  readonly budgets: readonly BudgetFacts[];
  readonly monitors: readonly MonitorFacts[];
  readonly roles: readonly RoleFacts[];
  readonly bindings: readonly BindingFacts[];
  readonly issuers: readonly {
    readonly usedBy: string;
    readonly kind: string;
    readonly name: string;
    readonly namespace: string;
  }[];
  /** Hosts of `https://` addresses that stand in arguments, environment and configuration. */
  readonly tlsNames: readonly { readonly in: string; readonly host: string }[];
}

interface ObjectName {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly hook?: string | undefined;
}

export interface ServiceFacts {
  readonly name: string;
  readonly namespace: string;
  readonly type: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly selector: Readonly<Record<string, string>>;
  readonly ports: readonly { readonly name?: string | undefined; readonly port: number; readonly targetPort: string }[];
}

/** A Secret or a ConfigMap: what it holds is known by its keys alone. */
interface HolderFacts {
  readonly kind: "Secret" | "ConfigMap";
  readonly name: string;
  readonly namespace: string;
  readonly keys: readonly string[];
}

export interface CertificateFacts {
  readonly name: string;
  readonly namespace: string;
  readonly secret: string;
  readonly dnsNames: readonly string[];
}

interface WebhookFacts {
  readonly configuration: string;
  readonly name: string;
  readonly failurePolicy: string;
  readonly service?: { readonly name: string; readonly namespace: string; readonly port: number } | undefined;
  /** `group/resource` of what is asked about. */
  readonly resources: readonly string[];
}

export interface BudgetFacts {
  readonly name: string;
  readonly namespace: string;
  readonly selector: Json;
  readonly minAvailable?: string | undefined;
  readonly maxUnavailable?: string | undefined;
}

export interface MonitorFacts {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly namespaces: readonly string[];
  readonly selector: Json;
  readonly ports: readonly string[];
}

/** SHA-256 of data, whatever the order of its keys. */
export function hashOf(data: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify(sorted(data)))
    .digest("hex");
}

function sorted(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(sorted);
  if (typeof data !== "object" || data === null) return data;
  const entries = Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, value]) => [key, sorted(value)]));
}

/** The facts of objects; those without a namespace of their own are in the release's. */
export function factsOf(objects: readonly KubernetesObject[], namespace: string): ObjectFacts {
  const inNamespace = (object: KubernetesObject): string => object.metadata.namespace ?? namespace;
  const ofKind = (...kinds: readonly string[]): readonly KubernetesObject[] =>
    objects.filter(({ kind }) => kinds.includes(kind));
  return {
    objects: objects.map(nameOf),
    pods: podsIn(objects, namespace),
    images: imagesIn(objects),
    services: ofKind("Service").map((object) => serviceFacts(object, inNamespace(object))),
    holders: ofKind("Secret", "ConfigMap").map((object) => holderFacts(object, inNamespace(object))),
    certificates: ofKind("Certificate").map((object) => certificateFacts(object, inNamespace(object))),
    webhooks: ofKind("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration").flatMap(webhookFacts),
    budgets: ofKind("PodDisruptionBudget").map((object) => budgetFacts(object, inNamespace(object))),
    monitors: ofKind("ServiceMonitor", "PodMonitor").map((object) => monitorFacts(object, inNamespace(object))),
    roles: ofKind("Role", "ClusterRole").map((object) => roleFacts(object, inNamespace(object))),
    bindings: ofKind("RoleBinding", "ClusterRoleBinding").map((object) => bindingFacts(object, inNamespace(object))),
    issuers: ofKind("Certificate").map((object) => ({
      usedBy: object.metadata.name,
      kind: textAt(object, "spec", "issuerRef", "kind") ?? "Issuer",
      name: textAt(object, "spec", "issuerRef", "name") ?? "",
      namespace: inNamespace(object),
    })),
    tlsNames: objects.filter(({ kind }) => kind !== "CustomResourceDefinition").flatMap(tlsNamesIn),
  };
}

function nameOf(object: KubernetesObject): ObjectName {
  const { name, namespace } = object.metadata;
  const hook = hookOf(object);
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(hook === undefined ? {} : { hook }),
  };
}

function serviceFacts(object: KubernetesObject, namespace: string): ServiceFacts {
  return {
    name: object.metadata.name,
    namespace,
    type: textAt(object, "spec", "type") ?? "ClusterIP",
    labels: textsAt(object, "metadata", "labels"),
    selector: textsAt(object, "spec", "selector"),
    ports: listAt(object, "spec", "ports").map((port) => ({
      name: textAt(port, "name"),
      port: Number(port["port"]),
      targetPort: String(port["targetPort"] ?? port["port"]),
    })),
  };
}

function holderFacts(object: KubernetesObject, namespace: string): HolderFacts {
  const keys = ["data", "stringData", "binaryData"].flatMap((part) => Object.keys(mapAt(object, part)));
  return {
    kind: object.kind === "Secret" ? "Secret" : "ConfigMap",
    name: object.metadata.name,
    namespace,
    keys: [...new Set(keys)].sort(),
  };
}

function certificateFacts(object: KubernetesObject, namespace: string): CertificateFacts {
  const { dnsNames, ipAddresses } = mapAt(object, "spec");
  return {
    name: object.metadata.name,
    namespace,
    secret: textAt(object, "spec", "secretName") ?? "",
    dnsNames: [dnsNames, ipAddresses].flatMap((names) => (Array.isArray(names) ? names.map(String) : [])),
  };
}

function webhookFacts(object: KubernetesObject): WebhookFacts[] {
  return listAt(object, "webhooks").map((webhook) => {
    const service = mapAt(webhook, "clientConfig", "service");
    return {
      configuration: `${object.kind} ${object.metadata.name}`,
      name: textAt(webhook, "name") ?? "",
      failurePolicy: textAt(webhook, "failurePolicy") ?? "Fail",
      ...(textAt(service, "name") === undefined
        ? {}
        : {
            service: {
              name: textAt(service, "name") ?? "",
              namespace: textAt(service, "namespace") ?? "",
              port: Number(service["port"] ?? 443),
            },
          }),
      resources: listAt(webhook, "rules").flatMap((rule) => crossed(rule["apiGroups"], rule["resources"])),
    };
  });
}

function crossed(groups: unknown, resources: unknown): string[] {
  const texts = (list: unknown): string[] => (Array.isArray(list) ? list.map(String) : []);
  return texts(groups).flatMap((group) => texts(resources).map((resource) => `${group}/${resource}`));
}

function budgetFacts(object: KubernetesObject, namespace: string): BudgetFacts {
  const { minAvailable, maxUnavailable } = mapAt(object, "spec");
  return {
    name: object.metadata.name,
    namespace,
    selector: mapAt(object, "spec", "selector"),
    ...(minAvailable === undefined ? {} : { minAvailable: asText(minAvailable) }),
    ...(maxUnavailable === undefined ? {} : { maxUnavailable: asText(maxUnavailable) }),
  };
}

function monitorFacts(object: KubernetesObject, namespace: string): MonitorFacts {
  const names = mapAt(object, "spec", "namespaceSelector")["matchNames"];
  const any = mapAt(object, "spec", "namespaceSelector")["any"] === true;
  const field = object.kind === "ServiceMonitor" ? "endpoints" : "podMetricsEndpoints";
  return {
    kind: object.kind,
    name: object.metadata.name,
    namespace,
    namespaces: any ? ["*"] : Array.isArray(names) ? names.map(String) : [namespace],
    selector: mapAt(object, "spec", "selector"),
    ports: listAt(object, "spec", field).flatMap(({ port, targetPort }) =>
      port === undefined && targetPort === undefined ? [] : [String(port ?? targetPort)],
    ),
  };
}

const address = /https:\/\/([^\s"'`/,;|&<>\\]+)/g;

/** Names of servers that something of this object calls. Text in comments of scripts counts, too: it costs a name more. */
function tlsNamesIn(object: KubernetesObject): { in: string; host: string }[] {
  const text = JSON.stringify({ ...object, metadata: {} });
  const hosts = [...text.matchAll(address)].flatMap(([, authority = ""]) => {
    const host = authority.replace(/^.*@/, "").replace(/:[^:]*$/, "");
    return /\.svc(\.|$)|\.cluster\.local$/.test(host) ? [host] : [];
  });
  return [...new Set(hosts)].sort().map((host) => ({ in: `${object.kind} ${object.metadata.name}`, host }));
}
