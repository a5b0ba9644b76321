import {
  below,
  majorityOf,
  nodesOpenTo,
  type Finding,
  type ServiceContext,
  evenVotersRule,
  tooFewNodesRule,
} from "@isthmus/core";
import type { VaultArgs } from "./schema.ts";
import { defineRule } from "../rules.ts";

const stretchedVotersRule = defineRule({
  id: "stretched-voters",
  severity: "high",
  summary: "The voters of one Vault stand at one site.",
  fix: "A Vault of its own at each site, with what both need written to both.",
  docs: "docs/reference/services/vault.md",
  needsWhole: [],
});

type Context = Pick<ServiceContext<VaultArgs>, "args" | "site" | "from">;

/** Voters by site. */
export function votersBySite({ args, site }: Pick<Context, "args" | "site">): Readonly<Record<string, number>> {
  return typeof args.voters === "number" ? { [site.name]: args.voters } : args.voters;
}

/** What the number and the places of voters come to when things fail. */
export function checkVoters(context: Context): Finding[] {
  if (typeof context.args.voters !== "number") return [stretched(context)];
  return [...even(context), ...tooFewNodes(context)];
}

function stretched(context: Context): Finding {
  const { args, from } = context;
  const bySite = votersBySite(context);
  const total = Object.values(bySite).reduce((sum, count) => sum + count, 0);
  const majority = majorityOf(total);
  const losses = Object.entries(bySite).map(([site, count]) => {
    const left = total - count;
    const verdict = left >= majority ? "it goes on" : "no leader, nothing can be read or written";
    return `losing ${site} leaves ${left} of ${total}: ${verdict}`;
  });
  const fixes = Object.keys(bySite).map((site) => `${site}: 3`);
  return {
    rule: stretchedVotersRule.id,
    at: below(from, "voters"),
    problem: `voters ${JSON.stringify(args.voters)}: a majority of ${total} is ${majority}; ${losses.join("; ")}. Each site has a cluster of its own besides, so that the voters of one do not find those of the other`,
    fix: `a Vault of its own at each site (voters: 3 in each stack file, ${fixes.join(" and ")}), with what both need written to both`,
  };
}

function even({ args: { voters }, from }: Context): Finding[] {
  if (typeof voters !== "number" || voters % 2 === 1) return [];
  const spare = voters - majorityOf(voters);
  return [
    {
      rule: evenVotersRule.id,
      at: below(from, "voters"),
      problem: `${voters} voters survive the loss of ${spare}, as ${voters - 1} do: the last one only adds something that can fail`,
      fix: `set voters to ${voters - 1} or ${voters + 1}`,
    },
  ];
}

function tooFewNodes({ args: { voters }, site, from }: Context): Finding[] {
  const nodes = nodesOpenTo(site.topology);
  if (typeof voters !== "number" || voters <= nodes.length) return [];
  const names = nodes.map(({ name }) => name).join(", ") || "none";
  const most = nodes.length % 2 === 1 ? nodes.length : nodes.length - 1;
  return [
    {
      rule: tooFewNodesRule.id,
      at: below(from, "voters"),
      problem: `voters: ${voters} keep apart, each on a node of its own, and ${nodes.length} nodes of ${site.name} may run one (${names})`,
      fix: most > 0 ? `set voters to ${most}, or add agents` : "add agents",
    },
  ];
}
