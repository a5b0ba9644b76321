/** The program of today goes on from what `up` of every former release wrote, and takes nothing away that data hangs on. */
import assert from "node:assert/strict";

import { inOrder } from "../kits/in-order.ts";
import { must, needsPulumi, type Stack, type StateResource } from "../kits/engine/harness.ts";
import { harmDone, identity, isDefaultProvider, isGuarded } from "./releases/guarded.ts";
import { keptReleases, keptState, resourcesIn } from "./releases/kept.ts";
import { isThing } from "./releases/seed.ts";
import { takeOver } from "./releases/take-over.ts";
import { TwoSites } from "../kits/fleets/two-sites.ts";

/**
 * Passwords, keys, tokens, machines and providers that came after the first release, by the names of their resources, each with
 * what it is for. A former one that gets another name does not belong here: it needs an alias to its URN of before.
 */
const newSince: Readonly<Record<string, string>> = {};

const guarded = (resources: readonly StateResource[]): readonly StateResource[] =>
  resources.filter((one) => isGuarded(one) && !isDefaultProvider(one));

it("releases are kept, and what they wrote has what is guarded", () => {
  assert.ok(keptReleases().includes("2026-11-28"));
  const types = new Set(guarded(resourcesIn(keptState("2026-11-28", "site-a"))).map(({ type }) => type));
  for (const kind of ["VmLegacy", "PrivateKey", "RandomPassword", "SelfSignedCert", "Namespace", "Release", "Cluster"])
    assert.ok(
      [...types].some((type) => type.endsWith(`:${kind}`)),
      kind,
    );
  for (const name of ["command", "kubernetes", "proxmoxve"]) assert.ok(types.has(`pulumi:providers:${name}`), name);
});

for (const release of keptReleases()) {
  describe(`what the release of ${release} wrote`, function () {
    inOrder(this);
    let sites: TwoSites;

    before(needsPulumi);
    before(async () => {
      sites = new TwoSites();
      await sites.init(sites.a, sites.b);
      for (const site of [sites.a, sites.b]) await takeOver(sites, site, release);
    });
    after(() => {
      sites.dispose();
    });

    for (const name of ["site-a", "site-b"] as const) {
      it(`a preview of ${name} makes no machine, key, password, token or provider anew and takes no data away`, async () => {
        const run = await sites.fleet.stack(name).preview();
        assert.deepEqual(harmDone(run.planned, Object.keys(newSince)), []);
        must(run);
      });

      it(`an \`up\` of ${name} does not either: what there was is there, with the same id and the same secret`, async () => {
        const before = guarded(resourcesIn(keptState(release, name)));
        const run = await sites.fleet.stack(name).up();
        assert.deepEqual(harmDone(run.done, Object.keys(newSince)), []);
        must(run);
        const after = new Map(guarded(await resourcesOf(sites.fleet.stack(name))).map((one) => [identity(one), one]));
        const lost = before.filter((one) => !after.has(identity(one))).map(({ urn }) => urn);
        assert.deepEqual(lost, []);
        const unprotected = before.filter((one) => one.protect === true && after.get(identity(one))?.protect !== true);
        assert.deepEqual(
          unprotected.map(({ urn }) => urn),
          [],
        );
      });

      it(`then the world of ${name} holds what its state says, and another \`up\` changes nothing`, async () => {
        must(await sites.fleet.stack(name).up({ args: ["--expect-no-changes"] }));
        const things = (await resourcesOf(sites.fleet.stack(name))).filter(isThing);
        assert.equal(sites.thingsOf(name).length, things.length);
        must(await sites.fleet.stack(name).refresh());
        const found = (await resourcesOf(sites.fleet.stack(name))).filter(isThing).map(({ urn }) => urn);
        assert.deepEqual(found.sort(), things.map(({ urn }) => urn).sort());
      });
    }

    it("site-a then takes up what site-b says by now, and again nothing is lost", async () => {
      const run = await sites.a.up();
      assert.deepEqual(harmDone(run.done, Object.keys(newSince)), []);
      must(run);
    });
  });
}

it("every name of what came since is that of a resource", async function () {
  needsPulumi.call(this);
  if (Object.keys(newSince).length === 0) return;
  const sites = new TwoSites();
  await sites.init(sites.a, sites.b);
  const planned = [must(await sites.a.preview()), must(await sites.b.preview())].flatMap((run) => run.planned);
  sites.dispose();
  const names = new Set(planned.map(({ name }) => name));
  assert.deepEqual(
    Object.keys(newSince).filter((name) => !names.has(name)),
    [],
  );
});

async function resourcesOf(site: Stack): Promise<readonly StateResource[]> {
  return (await site.export({ secrets: true })).resources;
}
