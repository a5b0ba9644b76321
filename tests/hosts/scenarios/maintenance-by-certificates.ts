/** What certificates that are renewed do to a cluster. */
import assert from "node:assert/strict";

import { changed } from "../../kits/engine/harness.ts";
import { tryKubeconfig } from "../../../cli/lib/cluster/kubeconfig.ts";
import { lookAtCluster } from "../../../cli/lib/cluster/look.ts";
import { lookAtAllCertificates } from "../../../cli/lib/cluster/rotate-certificates.ts";
import { starts } from "../../kits/site/cluster-state.ts";
import { deployed } from "./deployed.ts";
import { killedAt } from "./maintenance-runs.ts";
import { clusterName } from "../../kits/site/test-site.ts";

import { daily, names, type MaintainedSite } from "./maintained-site.ts";

const wellFor364 = { days: 364, rotating: false, well: true };

export function byCertificates(maintained: () => MaintainedSite): void {
  before(async () => {
    await maintained().everyHost((name) => maintained().site.host(name).ok("rm /etc/default/k3s"));
  });

  it("refuses a server while another one is down", async () => {
    await maintained().site.host("server-3").powerOff();
    await assert.rejects(maintained().rotates(), /server-1 is left as it is: 1 of 3 voters would be left/);
    await maintained().site.host("server-3").powerOn();
    await maintained().isWhole();
  });

  it("goes on after a kill", async () => {
    const before = await starts(maintained().site);
    await killedAt("[server-2] renew certificates", { cluster: maintained().cluster, rotation: daily });
    const lines = await maintained().rotates();
    assert.deepEqual(
      lines.filter((line) => line.startsWith("[server-1]")),
      [],
      "server-1 was done",
    );
    const after = await starts(maintained().site);
    for (const name of names) assert.equal((after[name] ?? 0) - (before[name] ?? 0), 1, `${name} started once`);
    const ends = await lookAtAllCertificates(maintained().cluster);
    for (const [name, found] of Object.entries(ends)) assert.deepEqual(found, wellFor364, name);
    await maintained().isWhole();
  });

  it("does nothing when it is run again, and the kubeconfig that the stack keeps still works", async () => {
    const before = await starts(maintained().site);
    assert.deepEqual(await maintained().rotates(), []);
    assert.deepEqual(await starts(maintained().site), before);
    const { kubeconfig } = await maintained().site.stack.outputs({ secrets: true });
    const report = await tryKubeconfig(String(kubeconfig));
    assert.equal(report.refusal, undefined);
    assert.equal(report.days, 199);
  });

  it("has a kubeconfig that `up` reads anew when it ends soon, until k3s has a new one, and changes nothing else", async () => {
    const server = maintained().site.host("server-1");
    const kept = `${clusterName}-kubeconfig`;
    const changes = async () => {
      const run = await maintained().site.goesUp();
      return { names: changed(run.done).map(({ name }) => name), text: run.text };
    };
    const days = async () =>
      (await tryKubeconfig(String((await maintained().site.stack.outputs({ secrets: true }))["kubeconfig"]))).days;
    await server.put("/etc/default/k3s", "CATTLE_NEW_SIGNED_CERT_EXPIRATION_DAYS=20\n");
    await server.ok(
      "cd /var/lib/rancher/k3s/server/tls && systemctl stop k3s && rm client-admin.* && systemctl start k3s",
    );
    await maintained().isWhole();
    await maintained().site.goesUp({ replace: `**::${kept}` });
    assert.equal(await days(), 19);
    const waits = await changes();
    assert.deepEqual(waits.names, [kept]);
    assert.match(waits.text, /ends in 19 days, and so does k3s' own: npm run rotate-certificates -- /);
    const report = await lookAtCluster(await deployed(maintained().site));
    assert.match(report.drift.join("\n"), /the kubeconfig of \S+ ends in 19 days: pulumi up --stack/);

    await server.ok("rm /etc/default/k3s && systemctl restart k3s");
    await maintained().isWhole();
    assert.deepEqual((await changes()).names, [kept]);
    assert.equal(await days(), 364);
    assert.deepEqual((await changes()).names, []);
    assert.match((await lookAtCluster(await deployed(maintained().site))).kubeconfig ?? "", /ends in 364 days$/);
  });
}
