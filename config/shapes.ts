import { shapes } from "@isthmus/core";
import { z } from "zod";

/** Shapes of stack files beside those that services share. Messages say what would be right. */
export const { address, bytes, hostName, labels, name, secretName, taint } = shapes;

export const cidr = z.cidrv4("a network in CIDR notation such as 10.0.20.0/24");
export const cores = z.int().min(1).max(512);
const wantedRange = "one address, or two such as 10.0.20.200-10.0.20.209";
/** Two addresses and what lies between them; one address is a range of itself. */
export const addressRange = z
  .string()
  .refine(
    (text) => text.split("-").every((part) => z.ipv4().safeParse(part).success) && text.split("-").length <= 2,
    wantedRange,
  )
  .transform((text) => (text.includes("-") ? text : `${text}-${text}`));
