import { z } from "zod";
import { majorityOf, type NodeFacts } from "@isthmus/core";
import { siteType, type PolicyResource } from "../../resource.ts";
import { defineRule, fail, notApplicable, pass, unknown, type Outcome } from "../../rule.ts";
import { sourcePath } from "../../stack-view.ts";
import { firstUnknown } from "../../walk.ts";

const settings = z.strictObject({
  sharedHosts: z
    .array(z.string().min(1))
    .default([])
    .describe("Physical hosts that may carry several etcd servers of a site, where there are not enough hosts."),
});

/** The part of a site's facts that this rule reads. */
const siteFacts = z.object({
  site: z.string(),
  topology: z.object({
    hosts: z.array(z.string()),
    nodes: z.array(z.object({ name: z.string(), host: z.string(), role: z.string(), from: z.string().optional() })),
  }),
});
type Server = Pick<NodeFacts, "name" | "host"> & { readonly from?: string | undefined };

export const etcdOnDistinctHosts = defineRule<z.output<typeof settings>>({
  id: "etcd-on-distinct-hosts",
  summary: "The etcd servers of a site stand on distinct physical hosts.",
  severity: "critical",
  enforcement: "mandatory",
  fix: "Give every server of a site a physical host of its own, so that losing one host takes one voter.",
  docs: "https://docs.k3s.io/datastore/ha-embedded",
  settings,
  scope: "resource",
  applies: (resource) => resource.type === siteType,
  check: (resource, context) => {
    const open = firstUnknown("topology", resource.props["topology"]);
    if (open !== undefined) return [unknown(open)];
    const facts = siteFacts.safeParse(resource.props);
    if (!facts.success) return [unreadable(resource, facts.error)];
    const { site, topology } = facts.data;
    const servers = topology.nodes.filter((node) => node.role === "server");
    if (servers.length < 2) return [notApplicable(tooFew(site, servers))];
    const freeHosts = topology.hosts.filter((host) => servers.every((server) => server.host !== host));
    const outcomes = sharingHosts(servers)
      .filter(([first]) => first !== undefined && !context.settings.sharedHosts.includes(first.host))
      .map((together) => failure(site, together, { of: servers.length, freeHosts }));
    return outcomes.length === 0 ? [pass] : outcomes;
  },
});

function sharingHosts(servers: readonly Server[]): readonly (readonly Server[])[] {
  const hosts = [...new Set(servers.map((server) => server.host))];
  return hosts.map((host) => servers.filter((server) => server.host === host)).filter((group) => group.length > 1);
}

function failure(
  site: string,
  together: readonly Server[],
  around: { readonly of: number; readonly freeHosts: readonly string[] },
): Outcome {
  const moved = together.at(-1);
  const host = moved?.host ?? "";
  const left = around.of - together.length;
  const quorum = majorityOf(around.of);
  const loss = left >= quorum ? "etcd goes on, with nothing to spare for them" : `etcd needs ${quorum} and stops`;
  const names = together.map((server) => server.name).join(" and ");
  const fix =
    around.freeHosts.length > 0
      ? `Move ${moved?.name ?? ""} to a host without a server: set nodes.${moved?.name ?? ""}.vm.host to ${around.freeHosts.join(" or ")}.`
      : `Add a physical host (hosts) and move ${moved?.name ?? ""} there (nodes.${moved?.name ?? ""}.vm.host), or give one node alone the role server.`;
  return fail(
    `${site}: the etcd servers ${names} stand on one physical host, ${host}; without it, ${left} of ${around.of} voters are left: ${loss}`,
    fix,
    sourcePath(moved?.from),
  );
}

function tooFew(site: string, [only]: readonly Server[]): string {
  return only === undefined ? `${site} has no etcd server` : `${site} has a single etcd server, ${only.name}`;
}

function unreadable(resource: PolicyResource, error: z.ZodError): Outcome {
  const problem = z.prettifyError(error).replaceAll("\n", " ");
  return fail(
    `${resource.name}: the facts of the site cannot be read: ${problem}`,
    "Pass what isthmus:core:Site states.",
  );
}
