import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseDocument } from "yaml";
import type { FleetPlan } from "../../../plan/plans.ts";
import { fleetOrRefuse } from "../../../plan/stack-files.ts";

/** The default stacks with one setting turned. */
export interface Switch {
  readonly name: string;
  /** Values of each site's file below `isthmus:site`, by path; without a value the key is taken out. */
  readonly sites: readonly { readonly path: readonly string[]; readonly value?: unknown }[];
}

const service = (name: string, key: string, value?: unknown) => ({ path: ["services", name, key], value });
const one = (name: string, ...sites: Switch["sites"]): Switch => ({ name, sites });

/** Each way in which a setting changes what charts are told, once. */
export const switches: readonly Switch[] = [
  one("cert-manager, three of each part", service("cert-manager", "replicas", 3)),
  one("cloudnative-pg without clusters", service("cloudnative-pg", "clusters", {})),
  one("longhorn without its UI", service("longhorn", "ui")),
  one("longhorn with two copies", service("longhorn", "replicas", 2)),
  one(
    "longhorn on tainted nodes",
    service("longhorn", "tolerations", [{ key: "storage", value: "only", effect: "NoSchedule" }]),
  ),
  one("longhorn that may be removed", service("longhorn", "allowUninstall", true)),
  one(
    "minio with one drive a server and more servers",
    service("minio", "drivesPerMember", 1),
    service("minio", "members", 4),
  ),
  one("monitoring without Grafana", service("monitoring", "grafana")),
  one("monitoring without federation", service("monitoring", "federation"), service("monitoring", "sites", [])),
  one("monitoring with two Prometheus servers", service("monitoring", "replicas", 2)),
  one("monitoring of etcd", service("monitoring", "etcdMetrics", true)),
  one("monitoring that alerts by Discord", service("monitoring", "alerts", { discord: "discordUrl" })),
  one("traefik with one member", service("traefik-public", "replicas", 1), service("traefik-private", "replicas", 1)),
  one(
    "traefik with three members",
    service("traefik-public", "replicas", 3),
    service("traefik-private", "replicas", 3),
  ),
  one("vault with one voter", service("vault", "voters", 1)),
];

/** Plans stack files with a setting turned. */
export function turned(folder: string, { sites }: Switch): FleetPlan {
  const copy = mkdtempSync(join(tmpdir(), "isthmus-switch-"));
  try {
    for (const { name } of fleetOrRefuse(folder).sites.map(({ facts }) => facts)) {
      const file = join(copy, `Pulumi.${name}.yaml`);
      const document = parseDocument(readFileSync(join(folder, `Pulumi.${name}.yaml`), "utf8"));
      for (const { path, value } of sites) {
        const at = ["config", "isthmus:site", ...path];
        if (value === undefined) document.deleteIn(at);
        else document.setIn(at, document.createNode(value));
      }
      writeFileSync(file, document.toString());
    }
    cpSync(join(folder, "Pulumi.yaml"), join(copy, "Pulumi.yaml"));
    return fleetOrRefuse(copy);
  } finally {
    rmSync(copy, { recursive: true });
  }
}
