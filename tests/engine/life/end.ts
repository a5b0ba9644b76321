/** A site is taken down on purpose; never by a slip. */
import assert from "node:assert/strict";

import { type SiteName, type TwoSites } from "../../kits/fleets/two-sites.ts";
import { waysThrough } from "./ways.ts";

export function end(sites: () => TwoSites): void {
  const destroy = async (...args: readonly string[]) => sites().tool("destroy", args);

  it("plain `pulumi destroy` stops in its preview phase, before the first deletion, and soon", async () => {
    const { a, fleet } = sites();
    const [before, calls] = [sites().thingsOf("site-a"), fleet.calls().length];
    const run = await a.destroy({ preview: true });
    assert.notEqual(run.exitCode, undefined, "it ended by itself");
    assert.notEqual(run.exitCode, 0);
    assert.match(run.errors.join("\n"), /protected/);
    assert.deepEqual(sites().thingsOf("site-a"), before);
    const deletions = fleet
      .calls()
      .slice(calls)
      .filter(({ method }) => method === "delete");
    assert.deepEqual(deletions, []);
    const ways = waysThrough(await a.export());
    assert.ok(ways < 300_000_000, `${String(ways)} ways through the dependencies, more than a minute for the engine`);
  });

  it("destroy says what is lost and who rests on it, and stops at a name that is not the site's", async () => {
    const before = sites().thingsOf("site-a");
    const run = await destroy("site-a", "--confirm", "site-b");
    assert.equal(run.exitCode, 1);
    assert.match(
      run.stdout,
      /vault\/\S+: a server's Raft log and data.*\n.*backed up by .* to the object store at site-b/,
    );
    assert.match(run.stdout, /minio\/server: .*\n +NO BACKUP: /);
    assert.match(run.stdout, /not known from here: the cluster at https:\S+ does not answer/);
    assert.match(run.stdout, /Protected until now:\n(?: +\S+\n)* +k3s-a-\S+-vm/);
    assert.match(run.stdout, /Other sites rest on site-a:\n[^]*site-b: longhorn \(.*backup-target/);
    assert.match(run.stdout, /That is not site-a\. Nothing was changed/);
    assert.deepEqual(sites().thingsOf("site-a"), before);
  });

  it("nobody can be asked where there is no terminal: it says how to answer beforehand", async () => {
    const run = await destroy("site-a");
    assert.equal(run.exitCode, 2);
    assert.match(run.stderr, /Nobody can be asked here: add --confirm site-a/);
  });

  it("a destroy that fails midway leaves protected what is left", async () => {
    const { fleet, a } = sites();
    fleet.setFaults([
      { id: "vm", type: "proxmoxve:index/vmLegacy:VmLegacy", method: "delete", nth: 1, when: "before", do: "fail" },
    ]);
    const run = await destroy("site-a", "--confirm", "site-a");
    fleet.setFaults([]);
    assert.equal(run.exitCode, 1);
    assert.match(run.stderr, /site-a still has \d+ resources .*What was protected still is/);
    const plain = await a.destroy();
    assert.match(plain.errors.join("\n"), /protected/);
  });

  for (const site of ["site-a", "site-b"] as const satisfies readonly SiteName[]) {
    it(`destroy with the name of ${site} empties it, and nothing else`, async () => {
      const other = site === "site-a" ? "site-b" : "site-a";
      const before = sites().thingsOf(other);
      const run = await destroy(site, "--confirm", site);
      assert.equal(run.exitCode, 0, `${run.stdout}\n${run.stderr}`);
      assert.match(run.stdout, new RegExp(`${site} is gone`));
      assert.deepEqual(sites().thingsOf(site), []);
      assert.deepEqual(sites().thingsOf(other), before);
      assert.match((await destroy(site, "--confirm", site)).stdout, /There is nothing to destroy/);
    });
  }

  it("then nothing is left", () => {
    assert.deepEqual(sites().fleet.store.list(), []);
  });
}
