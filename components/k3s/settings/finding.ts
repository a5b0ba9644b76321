import type { Finding } from "@isthmus/core";

/** What is wrong with a cluster, by the setting that it is about: `checksums.installer`. */
export interface ClusterFinding extends Omit<Finding, "at"> {
  readonly about: string;
}
