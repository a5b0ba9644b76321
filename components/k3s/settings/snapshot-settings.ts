import { z } from "zod";
import { certificates } from "./certificates.ts";
import { isSchedule, longestPause } from "./schedule.ts";

/** Server and agent tokens, by generation. */
export const tokens = z
  .strictObject({
    generation: z
      .int()
      .min(1)
      .default(1)
      .describe(
        "Which tokens the cluster has. One more than before rotates them: servers restart one by one, then agents. There is no way back. Default: 1.",
      ),
    keepFrom: z
      .int()
      .min(1)
      .default(1)
      .describe(
        "The oldest generation whose server token is kept: a snapshot is restored with the token that it was taken with. Raise it when no snapshot is as old. Default: 1, all are kept.",
      ),
  })
  .refine(({ generation, keepFrom }) => keepFrom <= generation, {
    path: ["keepFrom"],
    message: "is above `generation`: the token in use is always kept",
  })
  .prefault({});

/** As k3s gives it to its client of S3, which adds `https://` (`etcd-s3-endpoint`): host and port, nothing else. */
const endpoint = z
  .string()
  .refine((text) => !text.includes("://"), "is a URL: leave out what stands before the host, as in s3.example.org:9000")
  .refine((text) => !text.includes("/"), "has a path: give the host alone, and the bucket and folder by their own keys")
  .regex(
    /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*|\[[0-9a-f:.]+\])(:[1-9][0-9]{0,4})?$/i,
    "is no host, as s3.example.org or 10.0.20.5:9000",
  );

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, which other stores have taken over. */
const bucket = z
  .string()
  .regex(
    /^(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
    "is no bucket's name: 3 to 63 of a-z, 0-9, - and ., with a letter or digit at both ends",
  );

/** Snapshots of etcd: when, how many, and where else. */
export const snapshots = z
  .strictObject({
    schedule: z
      .string()
      .refine(isSchedule, "is no schedule that k3s reads: five fields in cron's form, in numbers, as 0 */6 * * *")
      .refine(
        (text) => !isSchedule(text) || longestPause(text) !== undefined,
        "never comes: no month that it names has such a day",
      )
      .default("0 */6 * * *")
      .describe("When every server snapshots etcd, in cron's form. Default: every 6 hours."),
    retention: z
      .int()
      .min(1)
      .default(28)
      .describe("How many of a name are kept on each server's disk. Default: 28, a week."),
    s3: z
      .strictObject({
        endpoint: endpoint.describe("Host of the object store, with port if it is not 443."),
        bucket: bucket.describe("Bucket that exists already."),
        region: z
          .string()
          .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/i, "is no region, as us-east-1 or eu-central-003")
          .default("us-east-1")
          .describe("Region. Default: us-east-1."),
        ca: certificates
          .optional()
          .describe(
            "Certificate of the authority that the object store's own is from, in PEM form. A change restarts the servers one by one. Default: those of the servers.",
          ),
        folder: z
          .string()
          .regex(/^[\w.-]+(\/[\w.-]+)*$/, "is no folder, as site-a or clusters/site-a")
          .describe("Folder in the bucket: one a cluster, or their snapshots mix."),
        retention: z
          .int()
          .min(1)
          .default(84)
          .describe(
            "How many of a name are kept there, of all servers together. Default: 84, a week of three servers.",
          ),
      })
      .optional()
      .describe(
        "Where snapshots are kept outside of the cluster. Its keys are secrets of the stack. Default: on the servers' disks only.",
      ),
  })
  .prefault({});
