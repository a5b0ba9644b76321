import type { RuleId } from "@isthmus/core";
import { z } from "zod";
import type { PreviewDocument } from "./document.ts";
import { documentVersion } from "./version.ts";

const says = (description: string) => z.string().describe(description);
const list = (description: string) => z.array(z.string()).describe(description);
const count = (description: string) => z.int().nonnegative().describe(description);
const mebibytes = (description: string) => z.number().describe(`${description} In MiB.`);
const seconds = (description: string) => z.number().nonnegative().describe(`${description} In seconds.`);

const siteName = says("The site's name.");
const nodeName = says("The node's name.");
const hostName = says("The physical host's name.");
const serviceName = says("The service: `site/instance`.");
const workloadName = says("The workload's name in the service.");
const because = z
  .enum(["no node may have it", "no room"])
  .describe(
    "Labels, taints, architectures or spreading leave no node or disk for it; or those that are left are full.",
  );

const state = z
  .enum(["full", "degraded", "read-only", "down"])
  .describe(
    "full: as before. degraded: it serves with less redundancy, or without the strength to restart. read-only: nothing can be written. down: nothing can be read either.",
  );
const sourcePath = z
  .templateLiteral([z.string(), "#", z.string()])
  .describe("Where it stands in the stack files: file#/path (a JSON pointer).");

const amount = z.strictObject({
  memory: mebibytes("Memory."),
  cpu: z.number().describe("CPU, in thousandths of a core."),
  pods: z.number().describe("Pods, of which a kubelet takes 110."),
});

const unschedulable = z.strictObject({
  service: serviceName,
  workload: workloadName,
  members: count("How many members find no node."),
  of: count("How many members the workload has at the site."),
  because,
  why: says("Why no node takes them, in Kubernetes' terms, or what is missing on the node that comes closest."),
});

const siteBudget = z.strictObject({
  site: siteName,
  capacity: amount.describe("What all nodes of the site have together."),
  allocatable: amount.describe("What pods and the control plane may request."),
  requested: amount.describe("What they request."),
  unschedulable: z.array(unschedulable).describe("Members that find no node while nothing is lost."),
  afterLossOf: z
    .array(
      z.strictObject({
        host: hostName,
        unschedulable: z.array(unschedulable).describe("Members that find no node. Empty: all find one."),
      }),
    )
    .describe("For each physical host: who finds no node when it is lost, except those whose disk is on it."),
});

const nodeBudget = z.strictObject({
  site: siteName,
  node: nodeName,
  role: z.enum(["server", "agent"]).describe("server: control plane and etcd voter; agent: runs pods only."),
  capacity: amount.describe("What the node has."),
  reserved: amount.describe("For the operating system and the kubelet."),
  fixed: amount.describe("Requests of what runs on this node in any case: one per node, or a process of the host."),
  share: amount.describe("Its share of everything else, spread evenly over the nodes that may have it."),
  left: amount.describe("What is left; negative where it is too little."),
});

const diskUse = z.strictObject({
  service: serviceName,
  workload: workloadName,
  what: says("What the volumes hold."),
  volumes: count("How many volumes, copies included, are on this disk."),
  size: mebibytes("Size of each."),
});

const diskBudget = z.strictObject({
  site: siteName,
  node: nodeName,
  mountPath: says("Where the disk is mounted on the node."),
  capacity: mebibytes("Size of the disk."),
  forVolumes: mebibytes("What may be promised to volumes, less the file system and what is reserved."),
  asked: mebibytes("What is promised, with the largest volumes placed first, each where most is left."),
  uses: z.array(diskUse).describe("What is promised to whom."),
});

const unplaced = z.strictObject({
  service: serviceName,
  workload: workloadName,
  what: says("What the volume holds."),
  copies: count("How many copies find no disk."),
  size: mebibytes("Size of each copy."),
  because,
});

const siteDisks = z.strictObject({
  site: siteName,
  notStated: list("Nodes whose disk for volumes has no size in the stack files: nothing is judged then."),
  unplaced: z.array(unplaced).describe("Copies of volumes that find no disk while nothing is lost."),
  afterLossOf: z
    .array(
      z.strictObject({
        host: hostName,
        unplaced: z.array(unplaced).describe("Copies that find no other disk. Empty: all find one."),
      }),
    )
    .describe("For each physical host: copies that cannot be made anew elsewhere when it is lost."),
});

const budgets = z.strictObject({
  site: siteBudget.describe("Memory, CPU and pods of the whole site."),
  nodes: z.array(nodeBudget).describe("Memory, CPU and pods of each node."),
  disks: z.array(diskBudget).describe("Disks that hold volumes."),
  volumes: siteDisks.describe("Copies of volumes that find no disk."),
});

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

const assessment = z.strictObject({
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

const ruleName = says("The rule's name.");
const severity = z.enum(["low", "medium", "high", "critical"]).describe("How much harm a violation does.");
const levels = ["advisory", "mandatory"] as const;

const policyRule = z.strictObject({
  rule: ruleName,
  description: says("What the rule demands."),
  severity,
  enforcement: z
    .enum([...levels, "disabled"])
    .describe("advisory: a violation is reported. mandatory: nothing is deployed. disabled: the rule is not asked."),
  remediation: says("How a violation is fixed."),
  url: says("A page with more about the rule.").optional(),
  counts: z
    .strictObject({
      pass: count("Answers that the rule holds."),
      fail: count("Answers that it is violated."),
      decidedByChart: count("Answers that the values leave it to the chart: never a pass."),
      notApplicable: count("Answers that the rule has nothing to say of the resource."),
      unknown: count("Answers that depend on a value that only a deployment knows."),
    })
    .describe("How many answers of each kind the rule gave."),
});

const policyFailure = z.strictObject({
  // Only rules make ids; in a document that is read anew they are texts.
  rule: ruleName as unknown as z.ZodType<RuleId>,
  severity,
  enforcement: z.enum(levels).describe("advisory: it is reported. mandatory: nothing is deployed."),
  message: says("What is wrong."),
  fix: says("What to do about it."),
  urn: says("URN of the resource that violates the rule."),
  from: sourcePath.optional(),
});

const policy = z.strictObject({
  rules: z.array(policyRule).describe("Every rule of the pack, with what it answered."),
  failures: z.array(policyFailure).describe("Every violation."),
  blocked: z.boolean().describe("Whether a mandatory rule is violated, so that nothing may be deployed."),
});

const resource = z.strictObject({
  type: says("Pulumi's type token, such as kubernetes:helm.sh/v3:Release."),
  name: says("The resource's name in the program."),
  urn: says("Its URN, as the engine gives it."),
  parent: says("URN of the component that it belongs to. Absent: the stack itself.").exactOptional(),
  dependsOn: list("URNs of what it comes after."),
});

const release = z.strictObject({
  name: says("Name of the release, unique at the site."),
  service: says("Instance of the service that it belongs to."),
  namespace: says("Kubernetes namespace that it is installed in."),
  chart: says("The chart's name."),
  version: says("The chart's exact version."),
  repository: says("URL of the chart's repository, or the whole OCI reference of the chart."),
  dependsOn: list("Services and items of its own service that come before."),
});

const dnsRecord = z.strictObject({
  name: says("The whole name, without a dot at the end."),
  type: says("The record's type: A."),
  value: says("The address."),
  ttl: seconds("How long others may remember it."),
});

const link = z.strictObject({
  site: says("The other site."),
  service: says("Instance of the service that waits."),
  item: says("What of it waits: the object's id within the service."),
});

const secret = z.strictObject({
  name: says("Its name under `isthmus:secrets`."),
  for: says("What needs it."),
  present: z.boolean().describe("Whether the stack file holds it. Its value is never read here."),
});

const checksum = z.strictObject({
  of: says("The file that has it."),
  digest: says("The checksum in hexadecimal."),
  source: says("URL of the file, or of its publisher's list."),
});

const site = z.strictObject({
  resources: z.array(resource).describe("All resources that a deployment would register, in that order."),
  releases: z.array(release).describe("Helm releases, in the order in which they come."),
  budgets: budgets.describe("What nodes and disks have, what is requested of them, and what does not fit."),
  availability: z.array(assessment).describe("What each failure does to each service of the site."),
  dnsRecords: z.array(dnsRecord).describe("Every name of the site."),
  policy: policy.describe("What the policy pack says of the resources."),
  pendingLinks: z.array(link).describe("What a first `up` leaves for later, until the other site is up."),
  secrets: z.array(secret).describe("Secrets that a deployment of the site needs."),
  neverCompared: z
    .array(checksum)
    .describe(
      "Checksums that we state and nobody could compare with their source: a person does, before the first `up`.",
    ),
  afterwards: list("What a person does once after the first `up`."),
});

const finding = z.strictObject({
  rule: says("The rule that is broken, in kebab case."),
  file: says("The stack file."),
  line: z.int().positive().describe("Line in the file, from 1."),
  path: says("The key in the file, such as config.isthmus:site.nodes.pi-1.address. Empty: the whole file."),
  problem: says("What is wrong, with the bad value quoted. Secrets are masked."),
  fix: says("What to do about it."),
});

/** The document of `npm run preview -- --json`; the compiler keeps it equal to what is written. */
export const previewSchema: z.ZodType<PreviewDocument> = z
  .strictObject({
    version: z
      .literal(documentVersion)
      .describe("Version of this format: it is raised when a program that reads it has to change."),
    findings: z
      .array(finding)
      .describe("What is wrong in the stack files, by file and line. Where there is any, `sites` is empty."),
    sites: z.record(z.string(), site).describe("The sites that were asked for, by name."),
  })
  .describe("What `npm run preview -- --json` prints.");
