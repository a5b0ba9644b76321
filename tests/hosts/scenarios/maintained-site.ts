import assert from "node:assert/strict";

import type { RotationRequest, UpdateRequest } from "@isthmus/k3s";
import type { DeployedCluster } from "../../../cli/lib/cluster/deployed.ts";
import { lookAtAllCertificates, rotateCertificates } from "../../../cli/lib/cluster/rotate-certificates.ts";
import { lookForOsUpdates, updateOs } from "../../../cli/lib/cluster/update-os.ts";
import { aServer, assertConverged, write, written } from "../../kits/site/cluster-state.ts";
import { deployed } from "./deployed.ts";
import { installedRelease, bootId, installProbe, publish } from "./packages.ts";
import { TestSite } from "../../kits/site/test-site.ts";

export const names = ["server-1", "server-2", "server-3", "agent-1"] as const;
export const asked: UpdateRequest = { reboot: "when-required", since: 0 };
export const daily: RotationRequest = { olderThanDays: 1 };

/** A cluster whose hosts have packages to update and certificates that are a few months old. */
export class MaintainedSite {
  /** The number of the release that was published last. */
  release = 1;

  private constructor(
    readonly site: TestSite,
    readonly cluster: DeployedCluster,
  ) {}

  static async create(): Promise<MaintainedSite> {
    const site = await TestSite.create({ nodes: names, settings: { waitSeconds: 60 } });
    await Promise.all(
      names.map(async (name) => {
        await site.host(name).put("/etc/default/k3s", "CATTLE_NEW_SIGNED_CERT_EXPIRATION_DAYS=200\n");
        await installProbe(site.host(name));
      }),
    );
    await site.goesUp();
    const cluster = await deployed(site);
    await write(aServer(site), "before-maintenance");
    return new MaintainedSite(site, cluster);
  }

  async updates(
    request: Partial<UpdateRequest> = {},
    onLine: (line: string) => Promise<void> = () => Promise.resolve(),
  ): Promise<{ readonly lines: readonly string[]; readonly away: Readonly<Record<string, readonly number[]>> }> {
    const lines: string[] = [];
    const away: Record<string, number[]> = {};
    const faults: Promise<void>[] = [];
    const say = (line: string): void => {
      lines.push(line);
      faults.push(onLine(line));
      const name = /^\[(.*?)\] (cordon|is back in service)/.exec(line)?.[1];
      if (name !== undefined) (away[name] ??= []).push(Date.now());
    };
    try {
      const looked = await lookForOsUpdates(this.cluster);
      await updateOs(this.cluster, { looked, request: { ...asked, ...request }, manner: { say, rebootSeconds: 60 } });
    } finally {
      await Promise.all(faults);
    }
    return { lines, away };
  }

  async rotates(): Promise<readonly string[]> {
    const lines: string[] = [];
    const manner = { say: (line: string) => lines.push(line), rebootSeconds: 0 };
    await rotateCertificates(this.cluster, {
      looked: await lookAtAllCertificates(this.cluster),
      request: daily,
      manner,
    });
    return lines;
  }

  async everyHost(work: (name: string) => Promise<unknown>): Promise<void> {
    await Promise.all(names.map(work));
  }

  /** A new release for these hosts alone. */
  async publishOn(hosts: readonly string[], how: { readonly reboot?: boolean } = {}): Promise<void> {
    this.release += 1;
    await Promise.all(hosts.map((name) => publish(this.site.host(name), { version: String(this.release), ...how })));
  }

  /** The number of the release that each of these hosts has. */
  async installedOn(...hosts: readonly string[]): Promise<readonly number[]> {
    return await Promise.all(hosts.map(async (name) => Number(await installedRelease(this.site.host(name)))));
  }

  async everyBoot(): Promise<Readonly<Record<string, string>>> {
    return Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await bootId(this.site.host(name))] as const)),
    );
  }

  /** All are well, none is cordoned, and what was acknowledged is there. */
  async isWhole(): Promise<void> {
    await assertConverged(this.site);
    assert.ok((await written(aServer(this.site))).includes("before-maintenance"));
  }
}
