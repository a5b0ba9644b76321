import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { splitSourcePath, storesOf, type SourcePath, type Store, type Workload } from "@isthmus/core";
import { parseDocument } from "yaml";
import { load } from "../../config/load.ts";
import { catalogue } from "../catalogue.ts";
import { planFleet } from "../fleet.ts";
import type { FleetPlan, SitePlan } from "../plans.ts";
import { keysAsText, whatToShrink } from "./shrink.ts";

const repository = join(import.meta.dirname, "../..");

/** The default stacks with other values, by the path of each. */
function fleetWith(changes: readonly (readonly [SourcePath, unknown])[]): FleetPlan {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-disks-"));
  try {
    for (const name of readdirSync(repository).filter((one) => /^Pulumi.*\.yaml$/.test(one)))
      cpSync(join(repository, name), join(folder, name));
    for (const [path, value] of changes) {
      const { file, keys } = splitSourcePath(path);
      const document = parseDocument(readFileSync(join(folder, file), "utf8"));
      document.setIn(["config", "isthmus:site", ...keys], value);
      writeFileSync(join(folder, file), document.toString());
    }
    const loaded = load(folder, catalogue);
    assert.ok("model" in loaded, JSON.stringify("findings" in loaded && loaded.findings));
    return planFleet(loaded.model);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const siteA = (fleet: FleetPlan): SitePlan => {
  const plan = fleet.sites.find(({ facts }) => facts.name === "site-a");
  assert.ok(plan);
  return plan;
};
const disksToo = (fleet: FleetPlan) => fleet.findings.filter(({ rule }) => rule === "disks-too-small");

interface Claim {
  readonly id: string;
  readonly sizedBy: readonly SourcePath[];
  readonly asks: unknown;
}

/** Everything that asks for room, and what it asks for. */
const claimsOf = (plan: SitePlan): Claim[] =>
  plan.services.flatMap(({ instance, footprint }) =>
    footprint.workloads.flatMap((workload: Workload): Claim[] => [
      {
        id: `${instance} ${workload.name}`,
        sizedBy: workload.sizedBy ?? [],
        asks: [workload.members, workload.requests],
      },
      ...storesOf(workload).map((store: Store, index) => ({
        id: `${instance} ${workload.name} volume ${index}`,
        sizedBy: store.sizedBy ?? [],
        asks: [store.size, store.volumes],
      })),
    ]),
  );

/** Something that none of them is by default. */
const other: Readonly<Record<string, unknown>> = {
  size: "77Gi",
  auditSize: "77Gi",
  memory: "7Gi",
  cpu: "333m",
  members: 5,
  voters: 5,
  instances: 5,
  drivesPerMember: 3,
};

describe("keys that make a claim smaller", () => {
  const before = claimsOf(siteA(fleetWith([])));

  for (const { id, sizedBy, asks } of before) {
    for (const key of sizedBy) {
      it(`${key} is one of ${id}`, () => {
        const name = splitSourcePath(key).keys.at(-1) ?? "";
        // Prometheus has one and no more than two, Traefik two.
        const value = name === "replicas" ? (id.startsWith("monitoring") ? 2 : 3) : other[name];
        const after = claimsOf(siteA(fleetWith([[key, value]]))).find((one) => one.id === id);
        assert.notDeepEqual(after?.asks, asks);
      });
    }
  }

  it("are stated for every volume but one, whose size is fixed", () => {
    const fixed = before.filter(({ id, sizedBy }) => id.includes("volume") && sizedBy.length === 0);
    assert.deepEqual(
      fixed.map(({ id }) => id),
      ["monitoring alertmanager volume 0"],
    );
  });

  it("are written in full once, those beside it short", () => {
    const [size, drives] = ["Pulumi.a.yaml#/services/minio/size", "Pulumi.a.yaml#/services/minio/drives"] as const;
    assert.equal(
      keysAsText([size, drives, "Pulumi.a.yaml#/services/db/size"]),
      "services.minio.size or drives or services.db.size",
    );
    const asked = (sizedBy: readonly SourcePath[], gib: number) => ({ sizedBy, size: gib * 1024 });
    assert.equal(
      whatToShrink([
        asked([], 900),
        asked([size], 1),
        asked([drives], 7),
        asked([size], 8),
        asked(["b#/x"], 2),
        asked(["b#/y"], 1),
      ]),
      "services.minio.size (9 GiB), services.minio.drives (7 GiB), x (2 GiB)",
    );
  });
});

describe("disks that are too small", () => {
  it("are told with the keys that each claim comes from, the largest first, and the disk's own", () => {
    const [one, ...others] = disksToo(fleetWith([["Pulumi.site-a.yaml#/services/minio/size", "200Gi"]]));
    assert.deepEqual(others, []);
    assert.match(one?.at ?? "", /^Pulumi\.site-a\.yaml#\/nodes\/k3s-a-agent-\d\/vm\/data\/size$/);
    assert.match(
      one?.fix ?? "",
      /^give the nodes larger disks \(nodes\.k3s-a-agent-\d\.vm\.data\.size and those beside it\), add a node, or ask for less: services\.minio\.size or drivesPerMember \(/,
    );
    assert.match(one?.fix ?? "", /; or keep fewer copies: services\.longhorn\.replicas$/);
  });

  it("are those with the operating system, for volumes of local-path: 83.3 % of them, as the kubelet keeps 15 % free of images", () => {
    const drives = (size: string) =>
      disksToo(
        fleetWith([
          ["Pulumi.site-a.yaml#/kubernetes/disable", ["servicelb", "traefik"]],
          ["Pulumi.site-a.yaml#/services/longhorn/defaultClass", false],
          ["Pulumi.site-a.yaml#/services/minio/drives", "local-path"],
          ["Pulumi.site-a.yaml#/services/minio/size", size],
        ]),
      );
    // 60 GiB * 0.98 * 0.85 = 49.98 GiB for two drives of each agent.
    assert.deepEqual(drives("24Gi"), []);
    const [found] = drives("25Gi");
    assert.match(found?.at ?? "", /^Pulumi\.site-a\.yaml#\/nodes\/k3s-a-agent-\d\/vm\/disk$/);
    assert.match(
      found?.problem ?? "",
      /\. \/ of k3s-a-agent-\d has "60Gi", of which 50 GiB may be promised to volumes/,
    );
    assert.match(found?.fix ?? "", /services\.minio\.size or drivesPerMember \(150 GiB\)/);
  });
});
