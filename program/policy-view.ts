import type { PolicyResource, Props } from "../policy/resource.ts";
import type { SitePlan } from "../plan/plans.ts";
import type { ServicePlan } from "../plan/service-plans.ts";
import { writtenByUs } from "./field-manager.ts";
import type { ObjectArgs } from "./objects.ts";
import { readable } from "./readable.ts";
import { resolve } from "./resolve.ts";

/** As Pulumi.yaml names it. */
const project = "isthmus";

/**
 * A site's plan as policies see resources, before any is registered: everything that one of the pack's rules looks at, named as
 * `buildSite` names it. As if every other site were up, since what waits for one comes with the next run.
 */
export function policyView(plan: SitePlan): readonly PolicyResource[] {
  const { name, topology } = plan.facts;
  const site = named(name, { type: "isthmus:core:Site", name, props: { site: name, topology, from: plan.site.from } });
  return [site, ...plan.services.flatMap((service) => ofService(service, site))];
}

interface Registered {
  readonly type: string;
  readonly name: string;
  readonly props: Props;
}

/** A URN has the types of all parents: https://www.pulumi.com/docs/iac/concepts/resources/names/#urns */
function named(stack: string, { type, name, props }: Registered, parent?: PolicyResource): PolicyResource {
  const above = parent === undefined ? "" : `${parent.urn.split("::")[2] ?? ""}$`;
  const urn = `urn:pulumi:${stack}::${project}::${above}${type}::${name}`;
  return { type, name, urn, ...(parent === undefined ? {} : { parent: parent.urn }), props };
}

function ofService(plan: ServicePlan, site: PolicyResource): PolicyResource[] {
  const { service, instance, namespace, footprint, from } = plan;
  const stack = site.name;
  const facts = { service, instance, site: stack, namespace, footprint, from };
  const component = named(stack, { type: "isthmus:core:Service", name: instance, props: facts }, site);
  const releases = plan.releases.map((release) =>
    named(
      stack,
      {
        type: "kubernetes:helm.sh/v3:Release",
        name: `${instance}-${release.name}`,
        props: {
          name: release.name,
          namespace: release.namespace,
          chart: release.chart.name,
          version: release.chart.version,
          values: resolve(release.values, readable),
        },
      },
      component,
    ),
  );
  const objects = plan.objects.map(({ id, manifest }) => {
    const type = `kubernetes:${manifest.apiVersion === "v1" ? "core/v1" : manifest.apiVersion}:${manifest.kind}`;
    const resolved = resolve(manifest, readable) as ObjectArgs;
    const props = { ...resolved, metadata: writtenByUs(resolved.metadata) };
    return named(stack, { type, name: `${instance}-${id}`, props }, component);
  });
  return [component, ...releases, ...objects];
}
