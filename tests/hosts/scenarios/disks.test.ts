/** Disks that are mounted where k3s or Longhorn keeps data, and are not there. */
import assert from "node:assert/strict";

import { planCluster, preflightParameters, scripts, type K3sNode } from "@isthmus/k3s";
import { loadScript, renderCommand, renderInput, type Parameters, type Script } from "@isthmus/remote/script";
import { lookedAtSettings } from "./looked-at.ts";
import { createLab, requireHosts, type Host, type Lab } from "../../kits/lab/hosts.ts";

const part = (name: string): URL => new URL(`../../../components/k3s/scripts/parts/${name}.sh`, import.meta.url);
const dropIn = "/etc/systemd/system/k3s-agent.service.d/isthmus-mounts.conf";
const longhorn = "/var/lib/longhorn";

describe("a disk that comes late", function () {
  this.timeout(90_000);
  let lab: Lab;
  let host: Host;

  before(async function () {
    requireHosts(this);
    lab = await createLab(["agent-1"], []);
    host = lab.host("agent-1");
    // What the file system of a test host has not got: says where it was asked for what.
    await host.put("/usr/local/sbin/chattr", '#!/bin/sh\necho "$PWD $*" >>/root/chattr\n', 0o755);
    await host.ok("touch /root/chattr");
  });
  after(async () => {
    await (lab as Lab | undefined)?.destroy();
  });

  async function run(
    script: Script,
    parameters: Parameters,
  ): Promise<{ readonly code: number; readonly said: string }> {
    const call = { script, host: "agent-1", parameters, secretNames: [], user: "root" };
    const ran = await host.run(renderCommand(call), { stdin: renderInput(call, {}), timeoutMs: 60_000 });
    return { code: ran.code, said: ran.stderr };
  }

  const guard = async (): Promise<void> => {
    const { text } = loadScript(part("answers"), part("common"), part("mounts"));
    assert.equal((await run({ name: "guard.sh", text: `${text}\nguard_mounts\n` }, { UNIT: "k3s-agent" })).code, 0);
  };

  it("says nothing, and waits for nothing, where no such disk is declared", async () => {
    await host.put("/etc/fstab", "# /dev/sdb /var/lib/longhorn ext4 nofail 0 2\n/dev/sda1 / ext4 defaults 0 1\n");
    await guard();
    assert.equal(
      await host.ok(`cat ${dropIn}`),
      "[Unit]\nRequiresMountsFor=/var/lib/rancher /var/lib/kubelet /var/lib/isthmus\n",
    );
    assert.equal(await host.ok("cat /root/chattr"), "");
    assert.doesNotMatch((await look()).said, /nothing is mounted/);
  });

  it("is a finding where it is missing, unless it is mounted by hand only", async () => {
    await host.put(
      "/etc/fstab",
      `tmpfs ${longhorn} tmpfs defaults,nofail 0 0\ntmpfs ${longhorn}/cold tmpfs nofail,noauto 0 0\ntmpfs /var/lib/longhorns tmpfs nofail 0 0\n`,
    );
    const { code, said } = await look();
    assert.equal(code, 1);
    assert.match(said, /- nothing is mounted on \/var\/lib\/longhorn, which \/etc\/fstab has a disk for$/m);
    assert.equal(said.match(/nothing is mounted/g)?.length, 1);
    await host.ok(`mkdir -p ${longhorn} && mount ${longhorn}`);
    assert.doesNotMatch((await look()).said, /nothing is mounted/);
  });

  it("is waited for by k3s, and the folder below it takes nothing; what lies there already stays", async () => {
    await guard();
    assert.equal(
      await host.ok(`cat ${dropIn}`),
      "[Unit]\nRequiresMountsFor=/var/lib/rancher /var/lib/kubelet /var/lib/isthmus\nWants=var-lib-longhorn.mount\nAfter=var-lib-longhorn.mount\n",
    );
    assert.equal(await host.ok("cat /root/chattr"), "/run/isthmus.below/longhorn +i .\n");
    // Nothing of it is left in the tree of the host.
    assert.equal(await host.ok("findmnt -n /run/isthmus.below || true"), "");
    await host.ok(`umount ${longhorn}; touch ${longhorn}/from-before; mount ${longhorn}; : >/root/chattr`);
    await guard();
    assert.equal(await host.ok("cat /root/chattr"), "");
  });

  async function look(): ReturnType<typeof run> {
    const node: K3sNode = { name: "agent-1", role: "agent", address: host.address, labels: {}, taints: [] };
    const server: K3sNode = { ...node, name: "server-1", role: "server", address: "10.99.255.2" };
    const settings = lookedAtSettings();
    return await run(
      scripts.preflight,
      preflightParameters(planCluster({ name: "a", nodes: [server, node], settings }), node, []),
    );
  }
});
