import { unique } from "@isthmus/core";
import type { DnsRecord } from "./dns.ts";

/**
 * Names of the fleet's services for the cluster's own DNS: pods find the other sites' services although no name server of
 * the network they are in was told of them, and while that one is away. k3s' Corefile imports the files of this ConfigMap
 * that end in `.server`, and reads them again when they change: https://docs.k3s.io/networking/networking-services#coredns
 *
 * Each name is a zone of its own, so that every other name of the fleet is answered as before.
 */
export function clusterDns(records: readonly DnsRecord[]): string {
  return unique(records.map(({ name }) => name))
    .map((name) => {
      const own = records.filter((record) => record.name === name);
      return [
        `${name}:53 {`,
        "    errors",
        // No file: those of the container's own are not the fleet's.
        "    hosts /dev/null {",
        ...own.map(({ value }) => `        ${value} ${name}`),
        `        ttl ${own[0]?.ttl ?? 60}`,
        "        no_reverse",
        "    }",
        "    loadbalance",
        "}",
        "",
      ].join("\n");
    })
    .join("");
}
