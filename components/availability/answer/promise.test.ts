import assert from "node:assert/strict";
import { assess } from "./assess.ts";
import { failuresOf, type FailureKind } from "../model/failure.ts";
import type { PlacedService } from "../model/fleet.ts";
import { brokenPromises, keepsPromise } from "./promise.ts";
import { survivesAnyPlace, withWitness } from "../model/quorum.ts";
import * as sample from "../testing.ts";

const from = "Pulumi.yaml#/promises/vault";
const twoSites = { sites: [sample.plainSite("site-a"), sample.plainSite("site-b")] };

function broken(services: readonly PlacedService[], survives: readonly FailureKind[], topology = twoSites) {
  const fleet = { topology, services };
  return brokenPromises(fleet, assess(fleet, failuresOf(topology)), [{ service: "vault", survives, from }]);
}

describe("promises", () => {
  it("hold for three voters in one site when a node or a host is lost", () => {
    assert.deepEqual(broken([sample.service("site-a/vault", sample.vault({ "site-a": 3 }))], ["node", "host"]), []);
  });

  it("break for three voters here and two there when a site is lost, with what holds instead", () => {
    assert.deepEqual(broken([sample.service("vault", sample.vault({ "site-a": 3, "site-b": 2 }))], ["node", "site"]), [
      {
        rule: "broken-promise",
        at: from,
        problem:
          "vault is promised to survive the loss of any site; when site-a is lost, vault is down: 3 of 5 voters lost, 2 left, a majority is 3; nothing moves to another site",
        fix: "3+2 cannot hold; 2+2 with a witness at a third place survives either site; or run one instance per site; or take site out of the promise",
      },
    ]);
  });

  it("hold for the alternatives that are offered: a witness, or an instance at each site", () => {
    const third = { sites: [...twoSites.sites, sample.plainSite("witness", 1, 0)] };
    const layout = withWitness([3, 2]);
    assert.deepEqual(layout, [2, 2, 1]);
    const [a, b, c] = layout;
    const witnessed = sample.vault({ "site-a": a!, "site-b": b!, witness: c! });
    assert.deepEqual(broken([sample.service("vault", witnessed)], ["node", "host", "site"], third), []);
    const each = ["site-a", "site-b"].map((at) => sample.service(`${at}/vault`, sample.vault({ [at]: 3 })));
    assert.deepEqual(broken(each, ["node", "host", "site"]), []);
  });

  it("break for one instance when its site is lost", () => {
    const [found, ...more] = broken([sample.service("site-a/vault", sample.vault({ "site-a": 3 }))], ["site"]);
    assert.deepEqual(more, []);
    assert.match(found?.problem ?? "", /when site-a is lost, site-a\/vault is down/);
    assert.match(found?.fix ?? "", /^1\+1\+1 over three places survives any of them; or run one instance per site/);
  });

  it("count the failures of a kind, and tell of the nodes that could have the voters", () => {
    const one = sample.vault({ "site-a": 1 });
    const [found] = broken([sample.service("site-a/vault", one)], ["host"]);
    assert.match(found?.problem ?? "", /\(and after 5 more failures of the kind\)/);
    assert.equal(
      found?.fix,
      "3 voters kept apart over hosts by a required spread (6 hosts of site-a may have one now); or take host out of the promise",
    );
  });

  it("tell MinIO's numbers", () => {
    const store = sample.service("vault", sample.minio({ "site-a": 2, "site-b": 2 }));
    assert.match(
      broken([store], ["site"])[0]?.fix ?? "",
      /^writing needs 3 of 4, so no place may have more than 1: spread them over 4 places, or run one instance per site and replicate/,
    );
  });

  it("follow a failure to the service that causes it", () => {
    const services = [
      sample.service("site-a/db", sample.workload({ members: { perSite: { "site-a": 1 } }, stores: sample.localDisk })),
      sample.service(
        "site-a/vault",
        sample.workload({ members: { perNode: true }, uses: [{ capability: "postgres", to: ["read"] }] }),
        { postgres: "site-a/db" },
      ),
    ];
    assert.match(
      broken(services, ["node"])[0]?.fix ?? "",
      /^let site-a\/db survive it: 2 members kept apart over nodes .* or storage that moves/,
    );
  });

  it("name what there is when the service is unknown", () => {
    const [found] = broken([sample.service("site-a/minio", sample.workload())], ["node"]);
    assert.match(found?.problem ?? "", /"vault", and no service has that name/);
    assert.equal(found?.fix, "name one of: minio");
  });

  it("are kept or not", () => {
    const services = [sample.service("site-a/vault", sample.vault({ "site-a": 3 }))];
    const fleet = { topology: twoSites, services };
    const keeps = (kind: FailureKind) =>
      keepsPromise(fleet, assess(fleet), { service: "vault", survives: [kind], from });
    assert.deepEqual([keeps("node"), keeps("site"), keeps("everything")], [true, false, false]);
  });
});

describe("layouts of voters", () => {
  it("with a witness survive any place; without one, two places never do", () => {
    for (let a = 0; a <= 5; a += 1) {
      for (let b = 0; b <= 5; b += 1) {
        assert.equal(survivesAnyPlace(withWitness([a, b])), true, `${a}+${b}`);
        if (a + b > 0) assert.equal(survivesAnyPlace([a, b]), false, `${a}+${b}`);
      }
    }
  });
});
