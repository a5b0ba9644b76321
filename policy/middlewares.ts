import { isUnknown, revealed } from "@isthmus/core";
import { isRecord, listAt, recordAt, textAt, type PolicyResource, type Props } from "./resource.ts";
import { namespaceOf } from "./public-routes.ts";
import type { StackView } from "./stack-view.ts";

/** What the middlewares of a route come to. */
export interface Protection {
  readonly rateLimit: boolean;
  readonly authentication: boolean;
  /** Why a middleware that is named does not count: absent, or without effect. */
  readonly faults: readonly string[];
  /** The first thing about them that only the deployment will know. */
  readonly unknown?: string | undefined;
}

const nothing: Protection = { rateLimit: false, authentication: false, faults: [] };

/** All Middleware objects of a stack, by `namespace/name` and by Traefik's `namespace-name@kubernetescrd`. */
function middlewares(stack: StackView): ReadonlyMap<string, PolicyResource> {
  return new Map(
    stack.ofKind("Middleware").flatMap((object) => {
      const [namespace, name] = [namespaceOf(object), textAt(object.props, "metadata", "name") ?? object.name];
      return [`${namespace}/${name}`, `${namespace}-${name}@kubernetescrd`].map((key) => [key, object] as const);
    }),
  );
}

/** What the named middlewares protect from; chains are followed. */
export function protectionBy(names: readonly string[], stack: StackView, seen: readonly string[] = []): Protection {
  return names.map((name) => protectionOf(name, stack, seen)).reduce(together, nothing);
}

function together(one: Protection, other: Protection): Protection {
  return {
    rateLimit: one.rateLimit || other.rateLimit,
    authentication: one.authentication || other.authentication,
    faults: [...one.faults, ...other.faults],
    unknown: one.unknown ?? other.unknown,
  };
}

function protectionOf(name: string, stack: StackView, seen: readonly string[]): Protection {
  if (isUnknown(name) || isUnknown(name.slice(name.indexOf("/") + 1)))
    return { ...nothing, unknown: "the name of a middleware" };
  if (seen.includes(name)) return nothing;
  const object = stack.once(middlewares).get(name);
  if (object === undefined) return { ...nothing, faults: [`the middleware ${name} does not exist in this stack`] };
  const spec = revealed(object.props["spec"]);
  if (isUnknown(spec)) return { ...nothing, unknown: `the specification of the middleware ${name}` };
  return [rateLimit(name, spec), authentication(name, spec), chain(object, stack, [...seen, name])].reduce(
    together,
    nothing,
  );
}

/** @see https://doc.traefik.io/traefik/middlewares/http/ratelimit/ : an average of 0, the default, is no limit. */
function rateLimit(name: string, spec: unknown): Protection {
  const limit = sectionOf(spec, "rateLimit");
  if (limit === undefined) return nothing;
  const average = revealed(limit["average"]);
  if (isUnknown(average)) return { ...nothing, unknown: `the average of the middleware ${name}` };
  const isNumber = typeof average === "number" || typeof average === "string";
  if (isNumber && Number(average) > 0) return { ...nothing, rateLimit: true };
  return { ...nothing, faults: [`the middleware ${name} limits nothing: its average is 0`] };
}

const authenticationNeeds = { basicAuth: "secret", forwardAuth: "address" } as const;

function authentication(name: string, spec: unknown): Protection {
  return Object.entries(authenticationNeeds)
    .map(([kind, need]): Protection => {
      const section = sectionOf(spec, kind);
      if (section === undefined) return nothing;
      if ((textAt(section, need) ?? "") !== "") return { ...nothing, authentication: true };
      return {
        ...nothing,
        faults: [`the middleware ${name} lets nobody prove who they are: its ${kind} has no ${need}`],
      };
    })
    .reduce(together, nothing);
}

function chain(object: PolicyResource, stack: StackView, seen: readonly string[]): Protection {
  const links = listAt(recordAt(object.props, "spec", "chain"), "middlewares").map(
    (link) => `${textAt(link, "namespace") ?? namespaceOf(object)}/${textAt(link, "name") ?? ""}`,
  );
  return protectionBy(links, stack, seen);
}

function sectionOf(spec: unknown, key: string): Props | undefined {
  const section = isRecord(spec) ? revealed(spec[key]) : undefined;
  return isRecord(section) ? section : undefined;
}
