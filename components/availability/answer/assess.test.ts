import assert from "node:assert/strict";
import { assess } from "./assess.ts";
import { controlPlaneOf } from "../model/fleet.ts";
import * as sample from "../testing.ts";

import { course, everything, link, lostHost, lostNode, lostSite, twoSites, verdict } from "../testing.ts";

describe("Vault over two sites, three voters and two", () => {
  const services = [sample.service("vault", sample.vault({ a: 3, b: 2 }))];

  it("is down without the site that has three", () => {
    assert.deepEqual(verdict(lostSite("a"), "vault", services), {
      failure: lostSite("a"),
      service: "vault",
      during: "down",
      after: "down",
      returns: {
        by: "person",
        steps: ["bring a back: power, then its uplink", "unseal each Vault member: vault operator unseal"],
      },
      why: "3 of 5 voters lost, 2 left, a majority is 3; nothing moves to another site",
      untilFull: ["bring a back: power, then its uplink", "unseal each Vault member: vault operator unseal"],
      cause: { workload: "vault" },
    });
  });

  it("goes on, degraded, without the site that has two", () => {
    const found = verdict(lostSite("b"), "vault", services);
    assert.equal(course(found), "degraded → degraded");
    assert.equal(found.why, "2 of 5 voters lost, 3 left, a majority is 3");
    assert.deepEqual(found.returns, { by: "nothing to return" });
  });

  it("goes on at the majority's side when the link is cut, and is down at the other", () => {
    const found = verdict(link, "vault", services);
    assert.equal(course(found), "degraded → degraded");
    assert.deepEqual(found.sites, {
      a: { during: "degraded", after: "degraded" },
      b: { during: "down", after: "down" },
    });
  });

  it("can still be read at the minority's side where standbys may be read", () => {
    const standby = [sample.service("vault", sample.vault({ a: 3, b: 2 }, { reads: { kind: "any" } }))];
    assert.deepEqual(verdict(link, "vault", standby).sites?.["b"], { during: "read-only", after: "read-only" });
    assert.equal(course(verdict(lostSite("a"), "vault", standby)), "read-only → read-only");
  });

  it("holds at two and two with a witness at a third place", () => {
    const topology = { sites: [...twoSites.sites, sample.plainSite("c", 1, 0)] };
    const witnessed = [sample.service("vault", sample.vault({ a: 2, b: 2, c: 1 }))];
    for (const site of ["a", "b", "c"]) {
      assert.equal(verdict(lostSite(site), "vault", { services: witnessed, topology }).after, "degraded", site);
    }
  });
});

describe("three voters, one per node, on three hosts", () => {
  const services = [sample.service("a/vault", sample.vault({ a: 3 }))];
  const topology = { sites: [sample.plainSite("a", 3, 0)] };

  it("survive each node and each host", () => {
    for (const failure of [lostNode("a-server-2"), lostHost("a-server-2-host")]) {
      const found = verdict(failure, "a/vault", { services, topology });
      assert.equal(course(found), "degraded → degraded");
      assert.equal(found.why, "1 of 3 voters lost, 2 left, a majority is 2");
    }
  });

  it("do not survive a host with two of the nodes", () => {
    const shared = sample.site("a", [
      sample.node("one", "a", { host: "big", role: "server" }),
      sample.node("two", "a", { host: "big", role: "server" }),
      sample.node("three", "a", { role: "server" }),
    ]);
    const found = verdict(lostHost("big"), "a/vault", { services, topology: { sites: [shared] } });
    assert.equal(found.after, "down");
    assert.match(found.why, /^2 of 3 voters lost, 1 left, a majority is 2/);
    const controlPlane = verdict(lostHost("big"), "a/kubernetes", { services, topology: { sites: [shared] } });
    assert.equal(course(controlPlane), "down → down");
  });

  it("may be lost together where only a preference keeps them apart", () => {
    const loose = [sample.service("a/vault", sample.vault({ a: 3 }, { runsOn: sample.workload().runsOn }))];
    const found = verdict(lostNode("a-server-1"), "a/vault", { services: loose, topology });
    assert.equal(found.during, "down");
    assert.match(found.why, /^up to 3 of 3 voters lost \(no hard rule keeps them apart\), 0 left, a majority is 2/);
  });
});

describe("MinIO with four drives and EC:2", () => {
  const services = [sample.service("minio", sample.minio({ a: 2, b: 2 }))];

  it("goes on without a node", () => {
    const found = verdict(lostNode("a-agent-1"), "minio", services);
    assert.equal(course(found), "degraded → degraded");
    assert.equal(found.why, "up to 1 of 4 members lost, 3 left, reading needs 2, writing needs 3");
  });

  it("can only be read without a site, and on both sides of a cut", () => {
    const found = verdict(lostSite("a"), "minio", services);
    assert.equal(course(found), "read-only → read-only");
    assert.match(found.why, /^2 of 4 members lost, 2 left, reading needs 2, writing needs 3/);
    assert.equal(verdict(link, "minio", services).after, "read-only");
  });
});

describe("PostgreSQL with three instances and failover by an operator", () => {
  const database = sample.workload({
    name: "instances",
    controller: "operator",
    members: { perSite: { a: 3 } },
    writes: { kind: "primary", failover: "60s" },
    runsOn: sample.apartOver("host"),
    stores: sample.longhorn,
  });

  it("fails over within a minute and is whole again when the lost instance has moved", () => {
    const found = verdict(lostNode("a-agent-1"), "a/db", [sample.service("a/db", database)]);
    assert.equal(course(found), "read-only → full");
    assert.deepEqual(found.returns, {
      by: "itself",
      within: 60,
      fullWithin: 740,
      because: "another member takes over",
    });
    assert.match(found.why, /; another member takes over$/);
    assert.equal(found.dataAtRisk, "its data: the last writes that the lost leader had not handed on");
  });

  it("stays degraded with disks of the nodes", () => {
    const local = sample.service("a/db", { ...database, stores: sample.localDisk });
    const found = verdict(lostNode("a-agent-1"), "a/db", [local]);
    assert.equal(course(found), "read-only → degraded");
    assert.deepEqual(found.returns, { by: "itself", within: 60, because: "another member takes over" });
    assert.deepEqual(found.untilFull, ["repair or replace the lost node"]);
  });

  it("can be read all the time, so that who only reads to start does not wait for a leader", () => {
    const local = sample.service("a/db", { ...database, stores: sample.localDisk });
    const reader = sample.workload({ uses: [{ capability: "postgres", to: ["start"] }] });
    const services = [local, sample.service("a/web", reader, { postgres: "a/db" })];
    const { returns } = verdict(lostNode("a-agent-1"), "a/web", services);
    assert.equal(returns.by === "itself" && returns.within, 380);
  });

  it("does not fail over without a control plane", () => {
    const single = { sites: [sample.plainSite("a", 1, 3)] };
    const found = verdict(lostNode("a-server-1"), "a/db", {
      services: [sample.service("a/db", database)],
      topology: single,
    });
    assert.equal(course(found), "read-only → read-only");
  });

  it("waits for a person where a person promotes", () => {
    const manual = sample.service("a/db", {
      ...database,
      writes: { kind: "primary", failover: "person" },
      stores: sample.localDisk,
    });
    const found = verdict(lostNode("a-agent-1"), "a/db", [manual]);
    assert.equal(course(found), "read-only → read-only");
    assert.ok(found.untilFull.includes("when the old leader is off for certain, promote another member of instances"));
  });
});

describe("split brain", () => {
  it("is named where both sides of a cut may write", () => {
    const both = sample.workload({ members: { perSite: { a: 1, b: 1 } }, stores: sample.localDisk });
    assert.match(
      verdict(link, "files", [sample.service("files", both)]).dataAtRisk ?? "",
      /^split brain: every site goes on/,
    );
    const led = { ...both, writes: { kind: "primary", failover: "person" } } as const;
    const found = verdict(link, "files", [sample.service("files", led)]);
    assert.equal(found.after, "degraded");
    assert.deepEqual(found.sites?.["a"], { during: "read-only", after: "read-only" });
    assert.match(found.why, /the site where the leader stands goes on/);
    const uneven = { ...led, members: { perSite: { a: 2, b: 1 } }, reads: { kind: "majority" } } as const;
    // The leader may stand at b, which is no majority; then nobody can write.
    const headless = verdict(link, "files", [sample.service("files", uneven)]);
    assert.equal(headless.after, "read-only");
    assert.doesNotMatch(headless.why, /goes on/);
    assert.match(found.dataAtRisk ?? "", /^split brain, if a person promotes/);
  });
});

describe("the control plane", () => {
  it("is added where a fleet does not state it, and taken as stated where it does", () => {
    const added = assess({ topology: twoSites, services: [] }, [link]).map((each) => each.service);
    assert.deepEqual(added, ["a/kubernetes", "b/kubernetes"]);
    const [first] = twoSites.sites;
    const stated = controlPlaneOf(first!, "Pulumi.site-a.yaml#/k3s");
    assert.equal(assess({ topology: { sites: [first!] }, services: [stated] }, [everything]).length, 1);
  });

  it("heeds no taint, and neither does another process of the host; a pod does", () => {
    const taints = [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }] as const;
    const topology = { sites: [sample.site("a", [sample.node("one", "a", { role: "server", taints })])] };
    const after = (controller: "host" | "Deployment") =>
      verdict(everything, "a/x", { topology, services: [sample.service("a/x", sample.workload({ controller }))] });
    assert.equal(after("host").after, "full");
    assert.equal(after("Deployment").after, "down");
    assert.equal(after("Deployment").why, "1 of 1 members found no node from the start");
    assert.deepEqual(after("Deployment").untilFull, ["add nodes for main: 0 of 1 members find one"]);
  });
});
