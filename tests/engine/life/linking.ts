/** Both sites go up and link: A before B exists, then B, then A again; then both are at rest. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { must, type Stack } from "../../kits/engine/harness.ts";
import { summary, type TwoSites } from "../../kits/fleets/two-sites.ts";

interface Pending {
  readonly pendingLinks: readonly {
    readonly site: string;
    readonly service: string;
    readonly item: string;
    readonly why: string;
  }[];
}

const pending = async (site: Stack): Promise<Pending["pendingLinks"]> =>
  ((await site.outputs()) as unknown as Pending).pendingLinks;

export function linking(sites: () => TwoSites): void {
  it("A goes up before B exists, and says what waits for it", async () => {
    const { a, fleet } = sites();
    must(await a.up());
    const waits = await pending(a);
    assert.ok(waits.length >= 5);
    assert.deepEqual(new Set(waits.map(({ site }) => site)), new Set(["site-b"]));
    assert.deepEqual(new Set(waits.map(({ why }) => why)), new Set(["its stack is not there yet"]));
    assert.deepEqual([...fleet.store.duplicates().keys()], []);
  });

  it("B goes up and is linked at once", async () => {
    const { b, init, thingsOf } = bound(sites());
    await init(b);
    must(await b.up());
    assert.deepEqual(await pending(b), []);
    assert.ok(thingsOf("site-b").some((thing) => thing.includes("ConfigMap/isthmus-links/peer-site-a")));
  });

  it("A goes up again and makes what waited, and nothing else", async () => {
    const { a, thingsOf } = bound(sites());
    const waited = await pending(a);
    const before = thingsOf("site-a");
    const run = must(await a.up());
    assert.deepEqual(await pending(a), []);
    const made = summary(run).map((step) => step.replace(/^(create|update) /, ""));
    assert.deepEqual([...made].sort(), waited.map(({ service, item }) => `${service}-${item}`).sort());
    assert.deepEqual(
      before.filter((thing) => !thingsOf("site-a").includes(thing)),
      [],
    );
  });

  it("two further `up`s of each change nothing: the sites do not set one another off", async () => {
    const { a, b, fleet } = sites();
    for (const site of [b, a, b, a]) {
      const before = fleet.calls().length;
      must(await site.up({ args: ["--expect-no-changes"] }));
      const methods = fleet
        .calls()
        .slice(before)
        .map(({ method }) => method);
      assert.deepEqual(
        methods.filter((method) => ["create", "update", "delete", "run"].includes(method)),
        [],
      );
    }
  });
}

/** `folder`: the program's files, which may be edited. */
export function oneChart(sites: () => TwoSites, folder: () => string): void {
  it("another version of one chart touches one release", async () => {
    const { b } = sites();
    const pins = join(folder(), "components/services/networking/pins.ts");
    const before = readFileSync(pins, "utf8");
    const edited = before.replace(/(name: "metallb",\s+version: )"[^"]*"/, '$1"0.16.99"');
    assert.notEqual(edited, before);
    writeFileSync(pins, edited);
    const run = must(await b.up());
    // And its webhook is asked once more.
    assert.deepEqual(summary(run).toSorted(), ["update metallb-metallb", "update site-b-k3s-webhook-metallb"]);
    writeFileSync(pins, before);
    assert.deepEqual(summary(must(await b.up())).toSorted(), summary(run).toSorted());
  });
}

const bound = (sites: TwoSites) => ({
  a: sites.a,
  b: sites.b,
  fleet: sites.fleet,
  init: sites.init.bind(sites),
  thingsOf: sites.thingsOf.bind(sites),
});
