import { z } from "zod";
import { documentVersion, type PreviewDocument } from "./document.ts";

const state = z
  .enum(["full", "degraded", "read-only", "down"])
  .describe("degraded: it serves with less redundancy, or without the strength to restart.");
const text = z.string();
const texts = z.array(z.string());
const count = z.int().nonnegative();
const seconds = z.number().nonnegative();
const sourcePath = z
  .templateLiteral([z.string(), "#", z.string()])
  .describe("Where it stands in the stack files: file#/path (a JSON pointer).");

const amount = z.strictObject({
  memory: z.number().describe("MiB."),
  cpu: z.number().describe("Thousandths of a core."),
  pods: z.number().describe("Pods, of which a kubelet takes 110."),
});

const unschedulable = z.strictObject({
  service: text,
  workload: text,
  members: count,
  of: count,
  because: z.enum(["no node may have it", "no room"]),
});

const siteBudget = z.strictObject({
  site: text,
  capacity: amount,
  allocatable: amount.describe("What pods and the control plane may ask for."),
  requested: amount,
  unschedulable: z.array(unschedulable).describe("Who finds no node while nothing is lost."),
  afterLossOf: z
    .array(z.strictObject({ host: text, unschedulable: z.array(unschedulable) }))
    .describe("For each physical host: who finds no node when it is lost."),
});

const nodeBudget = z.strictObject({
  site: text,
  node: text,
  role: z.enum(["server", "agent"]),
  capacity: amount,
  reserved: amount.describe("For the operating system and the kubelet."),
  fixed: amount.describe("Requests of what stands on this node in any case."),
  share: amount.describe("Its share of everything else, spread evenly."),
  left: amount.describe("What is left; negative where it is too little."),
});

const mebibytes = z.number().describe("MiB.");

const diskBudget = z.strictObject({
  site: text,
  node: text,
  mountPath: text,
  capacity: mebibytes,
  forVolumes: z.number().describe("MiB that may be promised to volumes, less the file system and what is reserved."),
  asked: z.number().describe("MiB that are promised, with the largest volumes placed first, where most is left."),
  uses: z.array(z.strictObject({ service: text, workload: text, what: text, volumes: count, size: mebibytes })),
});

const unplaced = z.strictObject({
  service: text,
  workload: text,
  what: text,
  copies: count,
  size: z.number().describe("MiB of each copy."),
  because: z.enum(["no node may have it", "no room"]),
});

const siteDisks = z.strictObject({
  site: text,
  notStated: texts.describe("Nodes whose disk for volumes has no size in the stack files: nothing is judged then."),
  unplaced: z.array(unplaced).describe("Copies of volumes that find no disk while nothing is lost."),
  afterLossOf: z
    .array(z.strictObject({ host: text, unplaced: z.array(unplaced) }))
    .describe("For each physical host: copies that cannot be made anew elsewhere when it is lost."),
});

const failure = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("node"), site: text, node: text }),
  z.strictObject({ kind: z.literal("host"), site: text, host: text }),
  z.strictObject({ kind: z.literal("site"), site: text }),
  z.strictObject({ kind: z.literal("link") }),
  z.strictObject({ kind: z.literal("everything") }),
]);

const returns = z.discriminatedUnion("by", [
  z.strictObject({ by: z.literal("nothing to return") }),
  z.strictObject({
    by: z.literal("itself"),
    within: seconds.describe("Seconds until it serves again."),
    fullWithin: seconds.exactOptional().describe("Seconds until it is full again, where that takes longer."),
    because: text,
  }),
  z.strictObject({ by: z.literal("person"), steps: texts }),
]);

const assessment = z.strictObject({
  when: text.describe("The failure, as people say it."),
  failure,
  service: text.describe("site/instance, or site/kubernetes."),
  during: state.describe("Right after the failure, for the worst placement that the hard rules permit."),
  after: state.describe("When all that is automatic has happened."),
  returns,
  why: text,
  untilFull: texts.describe("What a person does until it is full again."),
  dataAtRisk: text.exactOptional(),
  sites: z.record(z.string(), z.strictObject({ during: state, after: state })).exactOptional(),
  startCycle: texts.exactOptional(),
  cause: z
    .union([z.strictObject({ workload: text }), z.strictObject({ provider: text })])
    .exactOptional()
    .describe("Whose lack decides."),
});

const severity = z.enum(["low", "medium", "high", "critical"]);
const enforcement = z.enum(["advisory", "mandatory"]);

const policy = z.strictObject({
  rules: z.array(
    z.strictObject({
      rule: text,
      description: text,
      severity,
      enforcement: z.enum([...enforcement.options, "disabled"]),
      remediation: text,
      url: text.optional(),
      counts: z.strictObject({
        pass: count,
        fail: count,
        decidedByChart: count.describe("The values leave it to the chart: never a pass."),
        notApplicable: count,
        unknown: count.describe("It depends on a value that only a deployment knows."),
      }),
    }),
  ),
  failures: z.array(
    z.strictObject({
      rule: text,
      severity,
      enforcement,
      message: text,
      fix: text,
      urn: text,
      from: sourcePath.optional(),
    }),
  ),
  blocked: z.boolean().describe("Whether a mandatory rule failed, so that nothing may be deployed."),
});

const resource = z.strictObject({
  type: text,
  name: text,
  urn: text,
  parent: text.exactOptional().describe("URN of the component that it belongs to."),
  dependsOn: texts.describe("URNs of what it comes after."),
});

const release = z.strictObject({
  name: text,
  service: text,
  namespace: text,
  chart: text,
  version: text,
  repository: text,
  dependsOn: texts.describe("Services and items of its own service that come before."),
});

const site = z.strictObject({
  resources: z.array(resource),
  releases: z.array(release).describe("Helm releases, in the order in which they come."),
  budgets: z.strictObject({
    site: siteBudget,
    nodes: z.array(nodeBudget),
    disks: z.array(diskBudget).describe("Disks that hold volumes."),
    volumes: siteDisks,
  }),
  availability: z.array(assessment),
  dnsRecords: z.array(z.strictObject({ name: text, type: text, value: text, ttl: z.number().describe("Seconds.") })),
  policy,
  pendingLinks: z
    .array(z.strictObject({ site: text, service: text, item: text }))
    .describe("What a first `up` leaves for later, until the other site is up."),
  secrets: z.array(z.strictObject({ name: text, for: text, present: z.boolean() })),
  neverCompared: z
    .array(
      z.strictObject({ of: text, digest: text, source: text.describe("URL of the file, or of its publisher's list.") }),
    )
    .describe(
      "Checksums that we state and nobody could compare with their source: a person does, before the first `up`.",
    ),
  afterwards: texts.describe("What a person does once after the first `up`."),
});

/** The document of `npm run preview -- --json`; the compiler keeps it equal to what is written. */
export const previewSchema: z.ZodType<PreviewDocument> = z.strictObject({
  version: z.literal(documentVersion),
  sites: z.record(z.string(), site),
});
