import { z } from "zod";
import { labelsShape, taintShape } from "./labels.ts";
import { dnsLabel, dnsName } from "./names.ts";
import { quantityPattern } from "./quantity.ts";

const wanted = {
  bytes: "an amount such as 512Mi, 16Gi or 2Ti",
  cpu: 'whole cores such as "2" or thousandths such as "500m", in quotes',
  duration: "a span of time such as 30s, 15m, 12h or 14d",
  days: "whole days such as 14d",
} as const;

/** Shapes that schemas of services share. Messages say what would be right; the finding adds the bad value. */
export const shapes = {
  bytes: z
    .templateLiteral([z.number(), z.enum(["Mi", "Gi", "Ti"])], wanted.bytes)
    .refine((value) => quantityPattern.bytes.test(value), wanted.bytes),
  cpu: z
    .union([z.templateLiteral([z.number(), "m"]), z.templateLiteral([z.number()])], wanted.cpu)
    .refine((value) => quantityPattern.cpu.test(value), wanted.cpu),
  duration: z
    .templateLiteral([z.number(), z.enum(["s", "m", "h", "d"])], wanted.duration)
    .refine((value) => quantityPattern.duration.test(value), wanted.duration),
  days: z
    .templateLiteral([z.number(), "d"], wanted.days)
    .refine((value) => quantityPattern.duration.test(value), wanted.days),
  timeOfDay: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day in quotes such as "01:30"'),
  name: z
    .string()
    .regex(dnsLabel, "a name of lower-case letters, digits and hyphens, at most 63, such as main or vault-2"),
  hostName: z.string().regex(dnsName, "a DNS name in lower case, such as vault.site-a.home.arpa"),
  // https://github.com/torvalds/linux/blob/v6.12/net/core/dev.c (`dev_valid_name`): at most 15 characters, no slash, colon or space.
  networkInterface: z
    .string()
    .regex(
      /^(?!\.{1,2}$)[^\s/:]{1,15}$/,
      "a network interface such as eth0: at most 15 characters, no space, slash or colon",
    ),
  address: z.ipv4("an IPv4 address such as 10.0.20.210"),
  secretName: z
    .string()
    .regex(
      /^[a-zA-Z][a-zA-Z0-9]{0,62}$/,
      "the name of a secret in camelCase such as b2SecretKey, never the secret itself",
    ),
  taint: taintShape,
  labels: labelsShape,
} as const;

/** A URL without user and password, which are secrets: in a stack file they would be read by everybody who reads it. */
export function urlShape(options: { readonly protocol: RegExp; readonly error?: string }): z.ZodURL {
  return z.url(options).refine((text) => !hasUserInfo(text), {
    error: "must have no user and password before the host: they would stand here in plain text",
  });
}

export const hasUserInfo = (url: string): boolean => /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*@/i.test(url);
