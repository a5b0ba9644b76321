import { shapes } from "@isthmus/core";
import { z } from "zod";

/** Shapes of stack files beside those that services share. Messages say what would be right. */
export const { address, bytes, hostName, name, secretName, taint } = shapes;

export const cidr = z.cidrv4("a network in CIDR notation such as 10.0.20.0/24");
export const cores = z.int().min(1).max(512);
export const labels = z.record(
  z
    .string()
    .regex(
      /^([a-z0-9.-]+\/)?[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?$/,
      "a label's key such as storage or example.com/tier",
    ),
  z
    .string()
    .regex(/^([A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?)?$/, 'a label\'s value such as "true" or hdd, in quotes'),
);
/** Two addresses and what lies between them. */
export const addressRange = z
  .string()
  .regex(/^\S+-\S+$/, "two addresses such as 10.0.20.200-10.0.20.209")
  .refine(
    (text) => text.split("-").every((part) => z.ipv4().safeParse(part).success) && text.split("-").length === 2,
    "two addresses such as 10.0.20.200-10.0.20.209",
  );
