import { shapes } from "@isthmus/core";
import { z } from "zod";

/** Shapes of stack files beside those that services share. Messages say what would be right. */
export const { address, bytes, hostName, name, secretName, taint } = shapes;

const labelValue = /^([A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?)?$/;

export const cidr = z.cidrv4("a network in CIDR notation such as 10.0.20.0/24");
export const cores = z.int().min(1).max(512);
export const labels = z.record(
  z
    .string()
    .regex(
      /^([a-z0-9.-]+\/)?[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?$/,
      "a label's key such as storage or example.com/tier",
    ),
  // YAML reads true and 2 as what they are; Kubernetes has texts only.
  z
    .union([z.string(), z.boolean(), z.int()])
    .transform(String)
    .pipe(z.string().regex(labelValue, "a label's value such as true or hdd")),
);
const wantedRange = "one address, or two such as 10.0.20.200-10.0.20.209";
/** Two addresses and what lies between them; one address is a range of itself. */
export const addressRange = z
  .string()
  .refine(
    (text) => text.split("-").every((part) => z.ipv4().safeParse(part).success) && text.split("-").length <= 2,
    wantedRange,
  )
  .transform((text) => (text.includes("-") ? text : `${text}-${text}`));
