import { z } from "zod";
import { says, list, seconds, siteName, nodeName, hostName, state } from "./document-words.ts";

const kind = <Kind extends string>(name: Kind, description: string) => z.literal(name).describe(description);

const failure = z.discriminatedUnion("kind", [
  z.strictObject({ kind: kind("node", "One node is lost."), site: siteName, node: nodeName }),
  z.strictObject({
    kind: kind("host", "A physical host is lost, with all VMs on it."),
    site: siteName,
    host: hostName,
  }),
  z.strictObject({ kind: kind("site", "A whole site is lost."), site: siteName }),
  z.strictObject({ kind: kind("link", "All sites are cut off from one another.") }),
  z.strictObject({ kind: kind("everything", "The power was off everywhere, and is back.") }),
]);

const returns = z.discriminatedUnion("by", [
  z.strictObject({
    by: kind("nothing to return", "It serves all the time, as well as it can while the failure lasts."),
  }),
  z.strictObject({
    by: kind("itself", "It comes back without a person."),
    within: seconds(
      "How long until it serves again; for one that serves all the time, until it is as good as it gets.",
    ),
    fullWithin: seconds("How long until it is full again, where that takes longer.").exactOptional(),
    because: says("What brings it back."),
  }),
  z.strictObject({
    by: kind("person", "A person brings it back."),
    steps: list("What that person does, in this order."),
  }),
]);

const seenFromSite = z.strictObject({ during: state, after: state });

export const assessment = z.strictObject({
  when: says("The failure in words."),
  failure: failure.describe("The failure. What is lost stays lost until a person fixes it; only `everything` is back."),
  service: says("`site/instance`, or `site/kubernetes`."),
  during: state.describe("Right after the failure, for the worst placement that the hard rules permit."),
  after: state.describe("When all that is automatic has happened."),
  returns: returns.describe("How it gets better than it is right after the failure, while the failure lasts."),
  why: says("The reason in one sentence, with the numbers."),
  untilFull: list("What a person does until it is full again. Empty: nothing."),
  dataAtRisk: says("Which data may be lost, and how much of it. Absent: none.").exactOptional(),
  sites: z
    .record(z.string(), seenFromSite)
    .exactOptional()
    .describe("How it looks from each site, where that differs between sites that cannot reach one another."),
  startCycle: list(
    "Services of which each needs the next one to start, and the last one the first. Absent: there is no such circle.",
  ).exactOptional(),
  cause: z
    .union([
      z.strictObject({ workload: says("The service's own workload that lacks members.") }),
      z.strictObject({ provider: says("The other service that it needs: `site/instance`.") }),
    ])
    .exactOptional()
    .describe("What decides the answer. Absent: nothing is lacking."),
});
