import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getAt } from "@isthmus/core";
import { renderService } from "../../../../tests/kits/proofs/chart-values.ts";
import { itFits } from "../../../../tests/kits/proofs/service-proof.ts";
import { contextOf, usualFacts } from "../../../../tests/kits/proofs/site-facts.ts";
import { vault } from "./definition.ts";

const place = { reach: { network: "overlay", port: 30020 }, hostName: "vault.site-a.home.arpa" };
const contextWith = (args: object = {}) => contextOf(vault, { args: { ...place, ...args } });
const check = (args: object) => vault.check!(contextWith(args));
const valuesOf = (args: object = {}) => renderService(vault, contextWith(args)).releases[0]!.values;
const server = (context = contextWith()) => vault.footprint(context).workloads[0]!;

describe("vault", () => {
  itFits(vault, {
    "three voters": () => contextWith(),
    "an address of its own": () => contextWith({ reach: { pool: "private", address: "10.0.20.211" } }),
    "one voter, another name": () => contextOf(vault, { instance: "secrets", args: { ...place, voters: 1 } }),
  });

  it("is reached at a port of the nodes, or at an address of its own, by whoever leads", () => {
    const entry = (reach?: object) => getAt(valuesOf(reach === undefined ? {} : { reach }), "ui");
    const leader = { enabled: true, externalPort: 8200, activeVaultPodOnly: true, publishNotReadyAddresses: false };
    assert.deepEqual(entry(), { ...leader, serviceType: "NodePort", annotations: {}, serviceNodePort: 30020 });
    assert.deepEqual(entry({ pool: "private", address: "10.0.20.211" }), {
      ...leader,
      serviceType: "LoadBalancer",
      annotations: { "metallb.io/loadBalancerIPs": "10.0.20.211" },
    });
    const { secrets } = vault.offers(contextWith());
    assert.equal(secrets?.address, "https://vault.site-a.home.arpa:30020");
  });

  it("refuses 3+2 voters over two sites with the arithmetic, and says what does hold", () => {
    const [finding, ...others] = check({ voters: { "site-a": 3, "site-b": 2 } });
    assert.deepEqual(others, []);
    assert.equal(finding?.at, "Pulumi.site-a.yaml#/services/vault/voters");
    assert.match(finding.problem, /a majority of 5 is 3/);
    assert.match(finding.problem, /losing site-a leaves 2 of 5: no leader/);
    assert.match(finding.problem, /losing site-b leaves 3 of 5: it goes on/);
    assert.match(finding.fix, /voters: 3/);
  });

  it("refuses an even number, and more voters than nodes that keep them apart", () => {
    assert.match(check({ voters: 2 })[0]!.problem, /2 voters survive the loss of 0, as 1 do/);
    const [finding] = check({ voters: 5 });
    assert.match(finding!.problem, /voters: 5 .* 3 nodes of site-a .*k3s-a-agent-1, k3s-a-agent-2, k3s-a-agent-3/);
    assert.match(finding!.fix, /set voters to 3/);
    assert.deepEqual(check({ voters: 3 }), []);
  });

  it("joins every server to every other, each by a name that its certificate holds", () => {
    const config = String(getAt(valuesOf(), "server.ha.raft.config"));
    const joins = [...config.matchAll(/leader_api_addr = "https:\/\/([^:"]+):8200"/g)].map(([, name]) => name);
    assert.deepEqual(
      joins,
      [0, 1, 2].map((index) => `vault-${index}.vault-internal.vault.svc.cluster.local`),
    );
    assert.equal(config.match(/leader_ca_cert_file/g)?.length, 3);
    assert.doesNotMatch(config, /tls_disable|http:\/\//);
    const manifest = vault.objects(contextWith())[0]!.manifest;
    const names = getAt(manifest, "spec.dnsNames") as string[];
    for (const name of [...joins, "vault-active.vault.svc", "vault-ui.vault", "vault", "localhost"])
      assert.ok(names.includes(name), name);
  });

  it("lets a node be drained however many servers there are", () => {
    // The chart's own budget comes to nobody for one or two: templates/_helpers.tpl, vault.pdb.maxUnavailable, at v0.34.1.
    const budget = (voters: number): unknown => getAt(valuesOf({ voters }), "server.ha.disruptionBudget.enabled");
    assert.deepEqual([1, 3, 5].map(budget), [false, true, true]);
  });

  it("runs no development server, keeps an audit log and waits for nobody", () => {
    const [release] = renderService(vault, contextWith()).releases;
    assert.equal(getAt(release!.values, "server.dev"), undefined);
    assert.equal(getAt(release!.values, "server.auditStorage.enabled"), true);
    assert.match(release!.plan.doesNotWait ?? "", /unsealed/);
  });

  it("puts its audit log aside before the volume is full, and tells to write it to a second place", () => {
    const [sidecar] = getAt(valuesOf({ auditSize: "10Gi" }), "server.extraContainers") as {
      command: string[];
      volumeMounts: object[];
    }[];
    const script = sidecar!.command[2]!;
    assert.match(script, /-gt 1073741824 \]/);
    assert.ok(sidecar!.volumeMounts.some((mount) => getAt(mount, "mountPath") === "/vault/audit"));
    const { status, stderr } = spawnSync("sh", ["-n", "-c", script], { encoding: "utf8" });
    assert.equal(status, 0, stderr);
    const steps = vault.afterwards!(contextWith()).join("\n");
    assert.match(steps, /audit enable -path=file file file_path=\/vault\/audit\/audit\.log/);
    assert.match(steps, /audit enable -path=stdout file file_path=stdout/);
  });

  it("rotates as it says: the oldest goes, eight are kept, and the process is told", function () {
    this.timeout(20_000);
    const folder = mkdtempSync(join(tmpdir(), "isthmus-audit-"));
    try {
      const [sidecar] = getAt(valuesOf({ auditSize: "100Mi" }), "server.extraContainers") as { command: string[] }[];
      const script = sidecar!.command[2]!.replaceAll("/vault/audit", folder)
        .replaceAll("/vault/tls/tls.crt", "/dev/null")
        .replace("while sleep 60", "for round in 1 2 3")
        .replaceAll("$(pidof vault)", "0");
      writeFileSync(join(folder, "audit.log"), Buffer.alloc(11 * 1024 * 1024));
      for (const old of [1, 7, 8]) writeFileSync(join(folder, `audit.log.${old}`), String(old));
      const { status, stderr } = spawnSync("sh", ["-c", `kill() { echo "$1" >>${folder}/told; }\n${script}`], {
        encoding: "utf8",
      });
      assert.equal(status, 0, stderr);
      const read = (name: string): string => readFileSync(join(folder, name), "utf8");
      assert.deepEqual([read("audit.log.2"), read("audit.log.8"), read("told")], ["1", "7", "-HUP\n"]);
      assert.equal(readFileSync(join(folder, "audit.log.1")).length, 11 * 1024 * 1024);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("tells exactly what a person does, first and after each stop", () => {
    const steps = vault.afterwards!(contextWith());
    assert.match(
      steps[0]!,
      /^kubectl -n vault exec -it vault-0 -- vault operator init -key-shares=5 -key-threshold=3 /,
    );
    const { restarts } = server();
    assert.ok(restarts.by === "person");
    assert.equal(restarts.steps.length, 3);
    assert.match(restarts.steps[2]!, /exec -it vault-2 -- vault operator unseal/);
  });

  it("states the audit log's volume beside the data's", () => {
    const stated = server(contextOf(vault, { args: { ...place, auditSize: "9Gi" } }));
    assert.deepEqual(
      stated.storesAlso?.map(({ size, storageClass }) => [size, storageClass]),
      [["9Gi", "longhorn"]],
    );
  });

  it("says truly what backs up its volumes", () => {
    const { backup, ...bare } = { backup: undefined, ...usualFacts.volumes };
    assert.equal(backup, undefined);
    assert.ok("none" in server(contextOf(vault, { args: place, facts: { volumes: bare } })).stores!.backup);
    const backedUp = { by: "Longhorn recurring backup", to: "MinIO at site-b", every: "1d" } as const;
    const volumes = { ...usualFacts.volumes, backup: backedUp };
    assert.deepEqual(server(contextOf(vault, { args: place, facts: { volumes } })).stores!.backup, backedUp);
  });
});
