import { z } from "zod";
import { isUnknown } from "@isthmus/core";
import { protectionBy, type Protection } from "../../middlewares.ts";
import {
  classOf,
  hostsOf,
  hostsOfMatch,
  middlewaresOfAnnotations,
  middlewaresOfRoute,
  namespaceOf,
  publicRoutes,
  reachesNothing,
  routeKinds,
} from "../../public-routes.ts";
import {
  isRecord,
  kubernetesKind,
  listAt,
  recordAt,
  releaseType,
  subject,
  textAt,
  type PolicyResource,
} from "../../resource.ts";
import {
  decidedByChart,
  defineRule,
  fail,
  notApplicable,
  pass,
  unknown,
  type Outcome,
  type RuleContext,
} from "../../rule.ts";
import { nodesOf, pathText } from "../../walk.ts";

const settings = z.strictObject({
  publicClasses: z
    .array(z.string().min(1))
    .default(["traefik-public"])
    .describe("Ingress classes that the internet reaches, beside those that serve a public route of a footprint."),
  withoutAuthentication: z
    .array(z.strictObject({ host: z.string().min(1), reason: z.string().min(1) }))
    .default([])
    .describe("Hosts that anybody may use, each with the reason; they keep their rate limit."),
});
type Context = RuleContext<z.output<typeof settings>>;

export const publicRouteProtected = defineRule<z.output<typeof settings>>({
  id: "public-route-protected",
  summary: "Every route that the internet reaches has a rate limit and asks who is there.",
  severity: "critical",
  enforcement: "mandatory",
  fix: "Give the route a rateLimit middleware and a basicAuth or forwardAuth middleware, both in this stack; what its service says to have a login of its own needs no second one.",
  docs: "https://doc.traefik.io/traefik/middlewares/http/overview/",
  settings,
  scope: "stack",
  applies: (resource) => routeKinds.has(kubernetesKind(resource) ?? "") || resource.type === releaseType,
  check: (resource, context) => {
    if (resource.type === releaseType) return checkRelease(resource, context);
    const open = ["metadata", "spec"].find((key) => isUnknown(resource.props[key]));
    if (open !== undefined) return [unknown(open)];
    const className = classOf(resource);
    if (!isPublic({ className, hosts: hostsOf(resource) }, context)) {
      return [
        notApplicable(className === undefined ? "nothing here is public" : `its class ${className} is not public`),
      ];
    }
    return kubernetesKind(resource) === "Ingress"
      ? [checkIngress(resource, context)]
      : checkIngressRoute(resource, context);
  },
});

/** Public by its class or by a host; without a class any instance may serve it, so that a public one does too. */
function isPublic(
  { className, hosts }: { readonly className: string | undefined; readonly hosts: readonly string[] },
  { stack, settings }: Context,
): boolean {
  const known = stack.once(publicRoutes);
  if (hosts.some((host) => known.hosts.has(host))) return true;
  if (className === undefined) return known.hosts.size > 0;
  return known.classes.has(className) || settings.publicClasses.includes(className);
}

function checkIngressRoute(resource: PolicyResource, context: Context): readonly Outcome[] {
  const routes = listAt(resource.props, "spec", "routes");
  if (kubernetesKind(resource) !== "IngressRoute") return [checkUnprotectable(resource, context)];
  if (routes.length === 0) return [notApplicable("it has no routes")];
  return routes.map((route, index) => {
    if (isUnknown(route) || isUnknown(recordAt({ route }, "route")["match"])) return unknown(`spec.routes[${index}]`);
    if (reachesNothing(route)) return notApplicable("Traefik answers it by itself");
    const hosts = hostsOfMatch(textAt(route, "match") ?? "");
    const protection = protectionBy(middlewaresOfRoute(route, namespaceOf(resource)), context.stack);
    return judge({ what: `${subject(resource)}: spec.routes[${index}]`, hosts, protection }, context);
  });
}

function checkIngress(resource: PolicyResource, context: Context): Outcome {
  const names = middlewaresOfAnnotations(recordAt(resource.props, "metadata", "annotations"));
  return judge(
    { what: subject(resource), hosts: hostsOf(resource), protection: protectionBy(names, context.stack) },
    context,
  );
}

/** Routes of bare TCP and UDP can have neither: only an exception by host lets them through. */
function checkUnprotectable(resource: PolicyResource, context: Context): Outcome {
  const hosts = hostsOf(resource);
  if (hosts.length > 0 && hosts.every((host) => isExcepted(host, context))) return pass;
  return fail(
    `${subject(resource)} is public, and such a route can have neither a rate limit nor authentication`,
    "Serve it over HTTP, or let only a private instance serve it.",
    sourceOfHosts(hosts, context),
  );
}

interface RouteCase {
  readonly what: string;
  readonly hosts: readonly string[];
  readonly protection: Protection;
}

function judge({ what, hosts, protection }: RouteCase, context: Context): Outcome {
  const { withLogin } = context.stack.once(publicRoutes);
  const excepted = hosts.length > 0 && hosts.every((host) => withLogin.has(host) || isExcepted(host, context));
  const missing = [
    ...(protection.rateLimit ? [] : ["no rate limit"]),
    ...(protection.authentication || excepted ? [] : ["no authentication"]),
  ];
  if (missing.length === 0) return pass;
  if (protection.unknown !== undefined) return unknown(`${what}: ${protection.unknown}`);
  const host = hosts.length === 0 ? "" : ` (${hosts.join(", ")})`;
  const because = protection.faults.length === 0 ? "" : `: ${protection.faults.join("; ")}`;
  return fail(
    `${what}${host} is public and has ${missing.join(" and ")}${because}`,
    `Name a middleware with ${missing.map((kind) => kinds[kind]).join(" and one with ")}.`,
    sourceOfHosts(hosts, context),
  );
}

const kinds: Readonly<Record<string, string>> = {
  "no rate limit": "rateLimit (average above 0)",
  "no authentication": "basicAuth or forwardAuth",
};

function isExcepted(host: string, { settings }: Context): boolean {
  return settings.withoutAuthentication.some((exception) => exception.host.toLowerCase() === host);
}

function sourceOfHosts(hosts: readonly string[], { stack }: Context) {
  const known = stack.once(publicRoutes).hosts;
  return hosts.map((host) => known.get(host)).find((from) => from !== undefined);
}

/** The routes that a chart makes by itself, where its values switch them on. */
function checkRelease(resource: PolicyResource, context: Context): readonly Outcome[] {
  const { values } = resource.props;
  if (isUnknown(values)) return [unknown("values")];
  const outcomes = nodesOf(values).flatMap((node): Outcome[] => {
    const isRoute = isRecord(node.value) && node.value["enabled"] === true && isIngress(node.keys);
    return isRoute ? [checkValues(`${subject(resource)}: ${pathText("values", node.keys)}`, node.value, context)] : [];
  });
  return outcomes.length === 0 ? [notApplicable("its values switch no ingress on")] : outcomes;
}

/** `ingress`, `consoleIngress`, `ingressRoute.dashboard`; not a controller's own classes and providers. */
function isIngress(keys: readonly string[]): boolean {
  return keys.some((key) => /ingress(es|route)?$/i.test(key)) && !keys.includes("providers");
}

function checkValues(what: string, ingress: unknown, context: Context): Outcome {
  const annotations = recordAt(ingress, "annotations");
  const className =
    textAt(ingress, "ingressClassName") ??
    textAt(ingress, "className") ??
    textAt(annotations, "kubernetes.io/ingress.class");
  const hosts = hostsOfValues(ingress);
  if (className === undefined && !hosts.some((host) => context.stack.once(publicRoutes).hosts.has(host))) {
    return decidedByChart(`${what} leaves its class to the chart`);
  }
  if (!isPublic({ className, hosts }, context)) return notApplicable(`${what} is not public`);
  const names = [...middlewaresOfAnnotations(annotations), ...middlewaresOfRoute(ingress, "default")];
  return judge({ what, hosts, protection: protectionBy(names, context.stack) }, context);
}

/** Charts have `host`, `hostname`, `hosts: [name]`, `hosts: [{host}]`, or Traefik's `matchRule`. */
function hostsOfValues(ingress: unknown): readonly string[] {
  const single = ["host", "hostname"].map((key) => textAt(ingress, key));
  const several = listAt(ingress, "hosts").map((host) => (typeof host === "string" ? host : textAt(host, "host")));
  const named = [...single, ...several].filter((host) => host !== undefined && host !== "");
  return [...named.map((host) => (host ?? "").toLowerCase()), ...hostsOfMatch(textAt(ingress, "matchRule") ?? "")];
}
