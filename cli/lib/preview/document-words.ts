import { z } from "zod";

export const says = (description: string) => z.string().describe(description);
export const list = (description: string) => z.array(z.string()).describe(description);
export const count = (description: string) => z.int().nonnegative().describe(description);
export const mebibytes = (description: string) => z.number().describe(`${description} In MiB.`);
export const seconds = (description: string) => z.number().nonnegative().describe(`${description} In seconds.`);

export const siteName = says("The site's name.");
export const nodeName = says("The node's name.");
export const hostName = says("The physical host's name.");
export const serviceName = says("The service: `site/instance`.");
export const workloadName = says("The workload's name in the service.");
export const because = z
  .enum(["no node may have it", "no room"])
  .describe(
    "Labels, taints, architectures or spreading leave no node or disk for it; or those that are left are full.",
  );

export const state = z
  .enum(["full", "degraded", "read-only", "down"])
  .describe(
    "full: as before. degraded: it serves with less redundancy, or without the strength to restart. read-only: nothing can be written. down: nothing can be read either.",
  );
export const sourcePath = z
  .templateLiteral([z.string(), "#", z.string()])
  .describe("Where it stands in the stack files: file#/path (a JSON pointer).");
