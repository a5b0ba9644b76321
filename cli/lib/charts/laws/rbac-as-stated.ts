import type { Permission } from "@isthmus/core";
import type { ServicePlan } from "../../../../plan/service-plans.ts";
import { grantedAt, type Granted } from "../granted.ts";
import type { RenderedSite } from "../site.ts";
import type { Breach, Law } from "./law.ts";

export const rbacAsStated: Law = {
  id: "rbac-as-stated",
  sentence:
    "Who may do something at the API server by which more can be had is stated, with the reason, and may do it.",
  fix: "Take the permission away by a value of the chart, or state it under `privileges` of the service, with the reason.",
  breaches: (site) => {
    const { granted, unknown } = grantedAt(site);
    const stated = site.plan.services.flatMap(statedOf);
    const missing = granted.filter((one) => !stated.some((other) => isSame(one, other)));
    const idle = stated.filter((one) => hasParts(site, one.instance) && !granted.some((other) => isSame(other, one)));
    return [
      ...missing.map(({ release, subject, permission, by, ...one }): Breach => ({
        release,
        at: subject,
        problem: `it may ${permission} in ${placeOf(one.in)} by ${by}, and the service does not state it`,
      })),
      ...idle.map(({ instance, subject, permission, ...one }): Breach => ({
        release: instance,
        at: subject,
        problem: `it is stated that it may ${permission} in ${placeOf(one.in)}, and nothing allows it`,
      })),
      ...unknown.map(({ release, at, role }): Breach => ({
        release,
        at,
        problem: `nobody makes ${role}; what the API server brings along stands in builtInRoles`,
      })),
    ];
  },
};

type Stated = Pick<Granted, "subject" | "in" | "permission"> & { readonly instance: string };

function statedOf({ instance, namespace, privileges }: ServicePlan): Stated[] {
  return (privileges.permissions ?? []).flatMap(({ subject, may, ...one }) =>
    may.map((permission: Permission) => ({
      instance,
      subject: /[ /]/.test(subject) ? subject : `${namespace}/${subject}`,
      in: one.in,
      permission,
    })),
  );
}

const isSame = (one: Pick<Granted, "subject" | "in" | "permission">, other: typeof one): boolean =>
  one.subject === other.subject && one.in === other.in && one.permission === other.permission;

const placeOf = (where: string): string => (where === "cluster" ? "the whole cluster" : `the namespace ${where}`);

/** Of a service without releases and objects here, nothing can be seen. */
const hasParts = ({ plan }: RenderedSite, instance: string): boolean =>
  plan.services.some((one) => one.instance === instance && one.releases.length + one.objects.length > 0);
