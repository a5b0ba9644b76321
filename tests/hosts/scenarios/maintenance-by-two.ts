/** What two people at work at the same moment do to a cluster. */
import assert from "node:assert/strict";

import { aServer, starts } from "../../kits/site/cluster-state.ts";
import { goesThrough, killedAt, renews } from "./maintenance-runs.ts";

import { asked, type MaintainedSite } from "./maintained-site.ts";

export function byTwoPeople(maintained: () => MaintainedSite): void {
  const lease = "k3s kubectl -n kube-system get lease isthmus-maintenance";
  const holder = async (): Promise<string> =>
    await aServer(maintained().site).ok(`${lease} -o 'jsonpath={.spec.holderIdentity}'`);

  it("takes one server at a time: who comes second is told who is at work, where, and since when", async () => {
    await maintained().publishOn(["server-1"], { reboot: true });
    const before = await starts(maintained().site);
    let said = "";
    await maintained().updates({}, async (line) => {
      if (line !== "[server-1] update packages") return;
      assert.equal(await holder(), "server-1");
      said = await renews(maintained().cluster, "server-2").then(
        () => "nobody minded",
        (error: unknown) => String(error),
      );
    });
    assert.match(
      said,
      /because: server-1 is worked on since 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ \((make-way|update-os)\.sh from 10\.99\.\d+\.1\), and one server at a time may be away/,
    );
    assert.equal((await starts(maintained().site))["server-2"], before["server-2"]);
    assert.equal(await holder(), "", "it is given back");
    await maintained().isWhole();
  });

  it("restarts one server alone where two are told to at once", async () => {
    let refused: readonly string[] = [];
    // On a busy machine the first may have ended before the second begins.
    for (let tries = 0; refused.length === 0 && tries < 3; tries += 1) {
      const ended = await Promise.allSettled(
        ["server-1", "server-2"].map(async (name) => renews(maintained().cluster, name)),
      );
      refused = ended.flatMap((one) => (one.status === "rejected" ? [String(one.reason)] : []));
    }
    assert.equal(refused.length, 1, refused.join("\n"));
    assert.match(refused.join(), /because: server-[12] is worked on since/);
    assert.equal(await holder(), "");
    await maintained().isWhole();
  });

  it("goes on with what a run took that was killed, and lets others in when its time is over", async () => {
    await maintained().publishOn(["server-2"], { reboot: true });
    await killedAt("[server-2] update packages", { cluster: maintained().cluster, update: asked });
    await assert.rejects(renews(maintained().cluster, "server-1"), /because: server-2 is worked on since/);
    await goesThrough(() => maintained().updates());
    assert.equal(await holder(), "");

    const object = (renewed: Date) => ({
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { name: "isthmus-maintenance", namespace: "kube-system" },
      spec: {
        holderIdentity: "server-3",
        leaseDurationSeconds: 900,
        acquireTime: "2026-11-21T10:00:00.000000Z",
        renewTime: renewed.toISOString().replace("Z", "000Z"),
      },
    });
    const replace = { stdin: JSON.stringify(object(new Date(Date.now() - 800_000))) };
    await aServer(maintained().site).ok("k3s kubectl replace -f -", replace);
    await assert.rejects(
      renews(maintained().cluster, "server-1"),
      /server-3 is worked on since 2026-11-21T10:00:00Z \(by hand\)/,
    );
    replace.stdin = JSON.stringify(object(new Date(Date.now() - 901_000)));
    await aServer(maintained().site).ok("k3s kubectl replace -f -", replace);
    await renews(maintained().cluster, "server-1");
    assert.equal(await holder(), "");
    await maintained().isWhole();
  });
}
