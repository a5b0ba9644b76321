import type { Permission } from "@isthmus/core";
import type { BindingFacts, RoleFacts, RuleFacts } from "./rbac.ts";
import { builtInRoles, permissionsOf } from "./rbac.ts";
import { selects } from "./pods.ts";
import { byOwner, type RenderedSite } from "./site.ts";

/** A permission that a binding gives to a subject. */
export interface Granted {
  /** The release or the service's instance that the binding is of. */
  readonly release: string;
  readonly namespace: string;
  readonly subject: string;
  /** `cluster`, or the namespace. */
  readonly in: string;
  readonly permission: Permission;
  /** The role, as people name it. */
  readonly by: string;
}

/** A binding to a role that nobody knows. */
export interface UnknownRole {
  readonly release: string;
  readonly at: string;
  readonly role: string;
}

/** Who may do what at a site that matters, by everybody's bindings, and by what is added to roles that people have. */
export function grantedAt(site: RenderedSite): { granted: readonly Granted[]; unknown: readonly UnknownRole[] } {
  const all = byOwner(site);
  const roles = all.flatMap(({ facts }) => facts.roles);
  const granted: Granted[] = [];
  const unknown: UnknownRole[] = [];
  for (const { release, namespace, facts } of all) {
    for (const binding of facts.bindings) {
      const rules = rulesOf(binding, roles);
      if (rules === undefined)
        unknown.push({ release, at: `binding ${binding.name}`, role: `${binding.role.kind} ${binding.role.name}` });
      else granted.push(...byBinding(binding, rules).map((one) => ({ ...one, release, namespace })));
    }
    for (const role of facts.roles) granted.push(...byLabel(role).map((one) => ({ ...one, release, namespace })));
  }
  return { granted: withoutImplied(granted), unknown };
}

function rulesOf({ role, namespace }: BindingFacts, roles: readonly RoleFacts[]): readonly RuleFacts[] | undefined {
  const found = roles.find(
    ({ kind, name, ...own }) =>
      kind === role.kind && name === role.name && (kind === "ClusterRole" || own.namespace === namespace),
  );
  if (found === undefined) return role.kind === "ClusterRole" ? builtInRoles[role.name] : undefined;
  const takenUp = roles.filter(({ labels = {} }) => found.takesUp?.some((selector) => selects(selector, labels)));
  return [...found.rules, ...takenUp.flatMap(({ rules }) => rules)];
}

type Grant = Omit<Granted, "release" | "namespace">;

function byBinding({ namespace, role, subjects }: BindingFacts, rules: readonly RuleFacts[]): Grant[] {
  const may = rules.flatMap((rule) => permissionsOf(rule, namespace === undefined ? "cluster" : "namespace"));
  return subjects.flatMap(({ kind, name, namespace: own }) =>
    may.map((permission) => ({
      subject: kind === "ServiceAccount" ? `${own ?? ""}/${name}` : `${kind} ${name}`,
      in: namespace ?? "cluster",
      permission,
      by: `${role.kind} ${role.name}`,
    })),
  );
}

/** https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles */
function byLabel({ name, rules, labels = {} }: RoleFacts): Grant[] {
  const to = Object.entries(labels).flatMap(([key, value]) =>
    value === "true" ? [/^rbac\.authorization\.k8s\.io\/aggregate-to-(.+)$/.exec(key)?.[1]] : [],
  );
  return to.flatMap((role) =>
    rules
      .flatMap((rule) => permissionsOf(rule, "cluster"))
      .map((permission) => ({
        subject: `ClusterRole ${role ?? ""}`,
        in: "cluster",
        permission,
        by: `ClusterRole ${name}`,
      })),
  );
}

/** Each once: not what somebody has everywhere anyway, nor what is part of everything. */
function withoutImplied(all: readonly Granted[]): readonly Granted[] {
  const key = (...parts: readonly string[]): string => parts.join("|");
  const has = new Set(all.map((one) => key(one.subject, one.in, one.permission)));
  const implied = (one: Granted): boolean =>
    (one.permission !== "everything" &&
      (has.has(key(one.subject, one.in, "everything")) || has.has(key(one.subject, "cluster", "everything")))) ||
    (one.in !== "cluster" && has.has(key(one.subject, "cluster", one.permission)));
  const once = new Map<string, Granted>();
  for (const one of all.filter((each) => !implied(each))) {
    const id = key(one.subject, one.in, one.permission);
    if (!once.has(id)) once.set(id, one);
  }
  return [...once.values()];
}
