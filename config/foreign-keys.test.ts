import assert from "node:assert/strict";
import { unique } from "@isthmus/core";
import { proxmoxSchema } from "@isthmus/proxmox";
import { readCases } from "./cases.ts";
import { check } from "./findings.ts";
import { foreignKey, normalised } from "./foreign-keys.ts";
import { notSupported } from "./not-supported.ts";
import { saidOtherwise } from "./said-otherwise.ts";

const file = "Pulumi.home.yaml#";

describe("keys of other tools", () => {
  it("stand in one table each, written as they are looked up", () => {
    const names = [...notSupported.flatMap(({ keys }) => keys), ...Object.keys(saidOtherwise)];
    assert.deepEqual(names, unique(names));
    for (const name of [...names, ...notSupported.flatMap(({ ofServices = [] }) => ofServices)])
      assert.equal(name, normalised(name));
  });

  it("that are not supported have each a case with its message", () => {
    const told = readCases().flatMap(({ expected }) =>
      expected.filter(({ rule }) => rule === "not-supported").map(({ problem }) => problem),
    );
    for (const { topic } of notSupported)
      assert.ok(
        told.some((problem) => problem.includes(`(${topic}): `)),
        topic,
      );
  });

  it("are known however they are written", () => {
    for (const key of ["cluster-domain", "clusterDomain", "cluster_domain", "CLUSTER_DOMAIN"])
      assert.match(
        foreignKey(`${file}/kubernetes/${key}`, key)?.problem ?? "",
        /not supported \(another cluster domain\)/,
      );
  });

  it("mean something else among a service's arguments", () => {
    assert.equal(foreignKey(`${file}/services/minio/storage`, "storage"), undefined);
    assert.equal(foreignKey(`${file}/services/minio/password`, "password"), undefined);
    assert.match(foreignKey(`${file}/services/longhorn/backupTarget`, "backupTarget")?.problem ?? "", /NFS/);
  });

  it("come after a slip of the pen in a key that is known here", () => {
    // "datastores" is a key of Proxmox' settings, and what others call a host's storage.
    const checked = check(proxmoxSchema, { data_stores: {} }, file);
    assert.ok("findings" in checked);
    const told = checked.findings.find(({ at }) => at.endsWith("/data_stores"));
    assert.equal(told?.rule, "unknown-key");
    assert.match(told.fix, /^did you mean datastores\?/);
  });
});
