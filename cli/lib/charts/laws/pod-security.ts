import { podSecurityLevels } from "../pod-security.ts";
import { byOwner } from "../site.ts";
import type { Law } from "./law.ts";

export const podSecurity: Law = {
  id: "pod-security",
  sentence: "Every pod is admitted at the Pod Security level of its namespace.",
  fix: "Give the container the security context that the level asks for, or state a wider level as `podSecurity` of the footprint, with the reason.",
  breaches: (site) => {
    const levels = new Map(site.plan.services.map(({ namespace, footprint }) => [namespace, footprint.podSecurity]));
    return byOwner(site).flatMap(({ release, facts }) =>
      facts.pods.flatMap(({ controller, name, namespace, level }) => {
        const at = `${controller} ${name}`;
        const allowed = levels.get(namespace);
        if (allowed === undefined) return [{ release, at, problem: `nobody makes the namespace ${namespace}` }];
        return podSecurityLevels.indexOf(level) <= podSecurityLevels.indexOf(allowed)
          ? []
          : [{ release, at, problem: `it needs ${level}, and its namespace allows ${allowed}` }];
      }),
    );
  },
};
