/** What is lost for good, and runs that take a site down and are cut off: the ways out, on the state of a former release. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { inOrder } from "../kits/in-order.ts";
import { changed, must, needsPulumi, type Fault } from "../kits/engine/harness.ts";
import { keptState, resourcesIn } from "./releases/kept.ts";
import { takeOver } from "./releases/take-over.ts";
import { repository, TwoSites } from "../kits/fleets/two-sites.ts";

const release = "2026-11-28";
const vm = "proxmoxve:index/vmLegacy:VmLegacy";
const isVm = ({ type }: { readonly type: string }): boolean => type === vm;

async function siteA(): Promise<TwoSites> {
  const sites = new TwoSites();
  await sites.init(sites.a);
  await takeOver(sites, sites.a, release);
  return sites;
}

describe("a Proxmox host that is gone for good", function () {
  inOrder(this);
  let sites: TwoSites;
  const moved = ["k3s-a-server-2", "k3s-a-agent-2"];
  const onHost = resourcesIn(keptState(release, "site-a")).filter(
    (one) => one.type.startsWith("proxmoxve:") && one.inputs?.["nodeName"] === "pve-a-2",
  );

  before(needsPulumi);
  before(async () => {
    sites = await siteA();
    const gone: Omit<Fault, "id" | "method" | "name"> = { nth: 1, when: "before", do: "fail" };
    sites.fleet.setFaults(
      onHost.flatMap(({ urn }) => {
        const name = urn.slice(urn.lastIndexOf("::") + 2);
        return (["update", "delete", "read"] as const).map((method) => ({
          ...gone,
          id: `${name} ${method}`,
          name,
          method,
        }));
      }),
    );
  });
  after(() => {
    sites.dispose();
  });

  it("has VMs that every `up` fails on which moves them", async () => {
    assert.deepEqual(onHost.filter(isVm).length, 2);
    for (const name of moved) {
      const path = ["config", "isthmus:site", "nodes", name, "vm"];
      sites.edit("Pulumi.site-a.yaml", [...path, "host"], "pve-a-3");
      sites.edit("Pulumi.site-a.yaml", [...path, "id"], name === "k3s-a-server-2" ? 2093 : 2092);
    }
    assert.notEqual((await sites.a.up()).exitCode, 0);
  });

  it("is forgotten by its name only, with a copy of the state kept and nothing asked of it", async () => {
    const before = await sites.a.export();
    const no = await sites.tool("state", ["forget-host", "site-a", "pve-a-2", "--confirm", "site-b"]);
    assert.equal(no.exitCode, 1);
    assert.match(no.stdout, /On pve-a-2 \(pve-a-2 in Proxmox\)[^]*k3s-a-server-2-vm[^]*What is given up: the disks of/);
    assert.deepEqual(await sites.a.export(), before);
    const other = await sites.tool("state", ["forget-host", "site-a", "pve-x", "--confirm", "site-a"]);
    assert.match(other.stderr, /knows no Proxmox host "pve-x"; there are: pve-a-1, pve-a-2, pve-a-3/);
    const calls = sites.fleet.calls().length;
    const run = await sites.tool("state", ["forget-host", "site-a", "pve-a-2", "--confirm", "site-a"]);
    assert.equal(run.exitCode, 0, `${run.stdout}\n${run.stderr}`);
    assert.match(run.stdout, /The state before is in state-copies\/site-a-/);
    assert.equal(sites.fleet.calls().length, calls);
    const left = new Set((await sites.a.export()).resources.map(({ urn }) => urn));
    assert.deepEqual(
      before.resources
        .filter(({ urn }) => !left.has(urn))
        .map(({ urn }) => urn)
        .sort(),
      onHost.map(({ urn }) => urn).sort(),
    );
  });

  it("then stands in no `up`'s way: its machines are made elsewhere, and nothing of it is deleted", async () => {
    // Two servers stand on one host now: that the loss of any host is survived can be promised no more.
    sites.edit("Pulumi.site-a.yaml", ["config", "isthmus:site", "promises", "kubernetes"], ["node", "link"]);
    const refused = await sites.a.up();
    assert.match(
      refused.errors.join("\n"),
      /k3s-a-server-2 and k3s-a-server-3 stand on one physical host[^]*etcd-on-distinct-hosts/,
    );
    writeFileSync(join(sites.fleet.program, "policy-config.json"), '{"etcd-on-distinct-hosts": "advisory"}');
    const run = must(await sites.a.up());
    // The state is of a release without a pool: the others are put into it, in place.
    assert.deepEqual(
      changed(run.done)
        .filter((step) => isVm(step) && step.op !== "update")
        .map(({ op, name }) => `${op} ${name}`)
        .sort(),
      ["create k3s-a-agent-2-vm", "create k3s-a-server-2-vm"],
    );
    const touched = sites.fleet
      .calls({ method: "delete", preview: false })
      // Files of others are written anew, as their text is another than that of the state's release.
      .filter(({ type, name }) => type.startsWith("proxmoxve:") && /-2\b|vmLegacy/.test(`${name} ${type}`));
    assert.deepEqual(touched, []);
    const vms = (await sites.a.export()).resources.filter(isVm);
    assert.deepEqual([vms.length, vms.every(({ protect }) => protect === true)], [6, true]);
    must(await sites.a.up({ args: ["--expect-no-changes"] }));
  });
});

describe("taking a site down", function () {
  inOrder(this);
  let sites: TwoSites;
  before(needsPulumi);
  before(async () => {
    sites = await siteA();
  });
  after(() => {
    sites.dispose();
  });

  /** Runs destroy as in a terminal, and ends it by a signal to all of it while a VM is being deleted. */
  async function cutOff(signal: NodeJS.Signals): Promise<string> {
    const { fleet } = sites;
    const hanging = (): number => fleet.calls().filter(({ fault }) => fault?.endsWith("hang") === true).length;
    const seen = hanging();
    fleet.setFaults([{ id: `hang ${String(seen)}`, type: vm, method: "delete", nth: 1, when: "before", do: "hang" }]);
    const args = [join(repository, "cli/isthmus.js"), "destroy", "site-a", "--lost-cluster", "--confirm", "site-a"];
    const child = spawn(process.execPath, args, { cwd: fleet.program, env: { ...fleet.env }, detached: true });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (part: Buffer) => (said += part.toString()));
    const ended = once(child, "close");
    while (hanging() === seen && child.exitCode === null) await sleep(50);
    assert.equal(child.exitCode, null, said);
    process.kill(-(child.pid ?? 0), signal);
    await ended;
    fleet.setFaults([]);
    return said;
  }

  for (const signal of ["SIGKILL", "SIGINT"] as const) {
    it(`leaves everything protected that was, when it is cut off by ${signal}`, async () => {
      const said = await cutOff(signal);
      const recovered = await sites.tool("recover", ["site-a", "--confirm", "site-a"]);
      assert.equal(recovered.exitCode, 0, `${recovered.stdout}\n${recovered.stderr}`);
      const kept = resourcesIn(keptState(release, "site-a")).filter(
        ({ protect, type }) => protect === true && !type.startsWith("kubernetes:"),
      );
      const left = new Map((await sites.a.export()).resources.map((one) => [one.urn, one.protect]));
      assert.ok(kept.some(({ urn }) => left.has(urn)));
      assert.deepEqual(
        kept.filter(({ urn }) => left.has(urn) && left.get(urn) !== true).map(({ urn }) => urn),
        [],
      );
      if (signal === "SIGINT") assert.match(said, /site-a still has \d+ resources .*What was protected still is/);
      assert.match((await sites.a.destroy()).errors.join("\n"), /protected/);
    });
  }

  it("with its cluster lost says what is given up, forgets what is in the cluster and deletes the machines", async () => {
    const run = await sites.tool("destroy", ["site-a", "--lost-cluster", "--confirm", "site-a"]);
    assert.equal(run.exitCode, 0, `${run.stdout}\n${run.stderr}`);
    assert.match(run.stdout, /The cluster counts as lost: \d+ objects and releases in it are forgotten/);
    assert.match(run.stdout, /site-a is gone/);
    assert.deepEqual(sites.fleet.store.list("proxmoxve"), []);
    const inCluster = sites.fleet.calls({ package: "kubernetes", method: "delete" });
    assert.deepEqual(inCluster, []);
  });
});
