import type { SourcePath } from "@isthmus/core";
import { isRecord, kubernetesKind, listAt, recordAt, serviceType, textAt, type PolicyResource } from "./resource.ts";
import { sourcePath, type StackView } from "./stack-view.ts";

/** Kinds of objects that make something reachable through Traefik or another ingress. */
export const routeKinds: ReadonlySet<string> = new Set([
  "IngressRoute",
  "IngressRouteTCP",
  "IngressRouteUDP",
  "Ingress",
]);

export interface PublicRoutes {
  /** Host names that footprints declare public, with where. */
  readonly hosts: ReadonlyMap<string, SourcePath | undefined>;
  /** Those among them that lead to something which asks who is there by itself, as every footprint with them says. */
  readonly withLogin: ReadonlySet<string>;
  /** Ingress classes that serve one of them. */
  readonly classes: ReadonlySet<string>;
}

/** What a stack says is public: the routes of its footprints, and the classes of the objects that serve their hosts. */
export function publicRoutes(stack: StackView): PublicRoutes {
  const declared = stack.ofType(serviceType).flatMap((service) => listAt(service.props, "footprint", "routes"));
  const open = declared.filter((route) => textAt(route, "exposure") === "public");
  const hosts = new Map(open.map((route) => [hostOf(route), sourcePath(textAt(route, "from"))]));
  const asksNobody = open.filter((route) => !isRecord(route) || route["hasLogin"] !== true).map(hostOf);
  const withLogin = new Set([...hosts.keys()].filter((host) => !asksNobody.includes(host)));
  const objects = [...routeKinds].flatMap((kind) => stack.ofKind(kind));
  const serving = objects.filter((object) => hostsOf(object).some((host) => hosts.has(host)));
  return { hosts, withLogin, classes: new Set(serving.map(classOf).filter((name) => name !== undefined)) };
}

const hostOf = (route: unknown): string => (textAt(route, "host") ?? "").toLowerCase();

/** The ingress class that an object names, or `undefined`. */
export function classOf(object: PolicyResource): string | undefined {
  const named =
    textAt(object.props, "spec", "ingressClassName") ??
    textAt(object.props, "metadata", "annotations", "kubernetes.io/ingress.class");
  return named === "" ? undefined : named;
}

/** The host names that an object answers to, in lower case. */
export function hostsOf(object: PolicyResource): readonly string[] {
  if (kubernetesKind(object) === "Ingress") {
    const rules = listAt(object.props, "spec", "rules").map((rule) => textAt(rule, "host"));
    return rules.filter((host) => host !== undefined).map((host) => host.toLowerCase());
  }
  return listAt(object.props, "spec", "routes").flatMap((route) => hostsOfMatch(textAt(route, "match") ?? ""));
}

/** The host names in a Traefik rule: those of `Host(…)` and `HostSNI(…)`. */
export function hostsOfMatch(match: string): readonly string[] {
  const calls = [...match.matchAll(/\bHost(?:SNI)?\(([^)]*)\)/g)];
  const names = calls.flatMap(([, names = ""]) => [...names.matchAll(/[`"']([^`"']+)[`"']/g)]);
  return names.map(([, name = ""]) => name.toLowerCase());
}

/** A middleware as a route names it: `namespace/name`, or Traefik's `namespace-name@kubernetescrd`. */
export function middlewaresOfRoute(route: unknown, namespace: string): readonly string[] {
  return listAt(route, "middlewares")
    .filter(isRecord)
    .map((reference) => {
      const name = textAt(reference, "name") ?? "";
      return name.includes("@") ? name : `${textAt(reference, "namespace") ?? namespace}/${name}`;
    });
}

/** The middlewares that an Ingress names by annotation. */
export function middlewaresOfAnnotations(annotations: unknown): readonly string[] {
  const names = textAt(annotations, "traefik.ingress.kubernetes.io/router.middlewares") ?? "";
  return names
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

/** Whether Traefik answers a route by itself, with a redirect for example, so that it reaches nothing. */
export function reachesNothing(route: unknown): boolean {
  const services = listAt(route, "services");
  return services.length > 0 && services.every((service) => textAt(service, "name") === "noop@internal");
}

/** The namespace of an object. */
export function namespaceOf(object: PolicyResource): string {
  return textAt(recordAt(object.props, "metadata"), "namespace") ?? "default";
}
