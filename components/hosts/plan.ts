import { createHash } from "node:crypto";
import type { SourcePath } from "@isthmus/core";
import type { HostSettings } from "./schema.ts";

/** A machine of a site that is there already. */
export interface HostFacts {
  readonly name: string;
  /** Its address as a node. */
  readonly address: string;
  readonly host: HostSettings;
  readonly from: SourcePath;
}

/** How an existing machine is reached. All of it is plain data. */
export interface HostPlan {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly hostKey: string;
  /** Fingerprint of the host key: a machine that was installed anew has another one. */
  readonly machineId: string;
  readonly from: SourcePath;
}

export function planHosts(machines: readonly HostFacts[]): readonly HostPlan[] {
  return machines.map(({ name, address, host, from }) => ({
    name,
    address: host.address ?? address,
    port: host.port,
    user: host.user,
    hostKey: host.hostKey,
    machineId: fingerprint(host.hostKey),
    from,
  }));
}

/** As `ssh-keygen -l` prints it. */
function fingerprint(publicKey: string): string {
  const blob = Buffer.from(publicKey.split(" ")[1] ?? "", "base64");
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}
