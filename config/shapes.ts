import { dnsLabel, dnsName, quantityPattern } from "@isthmus/core";
import { z } from "zod";

/** Shapes that several schemas share. Messages say what would be right; the finding adds the bad value. */
export const name = z
  .string()
  .regex(dnsLabel, "a name has lower-case letters, digits and hyphens, at most 63, such as k3s-a-server-1");
export const hostName = z.string().regex(dnsName, "a DNS name in lower case, such as vault.site-a.home.arpa");
export const address = z.ipv4("an IPv4 address such as 10.0.20.10");
export const cidr = z.cidrv4("a network in CIDR notation such as 10.0.20.0/24");
export const bytes = z
  .templateLiteral([z.number(), z.enum(["Mi", "Gi", "Ti"])])
  .refine((value) => quantityPattern.bytes.test(value), "an amount such as 512Mi, 16Gi or 2Ti");
export const cpu = z
  .union([z.templateLiteral([z.number(), "m"]), z.templateLiteral([z.number()])])
  .refine((value) => quantityPattern.cpu.test(value), "whole cores such as \"2\" or thousandths such as \"500m\", in quotes");
export const cores = z.int().min(1).max(512);
export const port = z.int().min(1).max(65535);
/** The name of a secret of the stack: `pulumi config set --path --secret 'isthmus:secrets.NAME'`. */
export const secretName = z
  .string()
  .regex(/^[a-zA-Z][a-zA-Z0-9]{0,62}$/, "the name of a secret in camelCase such as proxmoxToken, never the secret itself");
export const labels = z.record(
  z.string().regex(/^([a-z0-9.-]+\/)?[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?$/, "a label's key such as storage or example.com/tier"),
  z.string().regex(/^([A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?)?$/, "a label's value such as \"true\" or hdd, in quotes"),
);
export const taint = z.strictObject({
  key: z.string().min(1).describe("The taint's key, such as app-type."),
  value: z.string().optional().describe("The taint's value, such as db."),
  effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).describe("What happens to pods that do not tolerate it."),
});
