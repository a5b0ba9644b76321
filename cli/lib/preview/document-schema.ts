import { z } from "zod";
import type { PreviewDocument } from "./document.ts";
import { documentVersion } from "./version.ts";

import { assessment } from "./document-availability.ts";
import { budgets } from "./document-budgets.ts";
import { policy } from "./document-policy.ts";
import { says, list, seconds } from "./document-words.ts";

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
