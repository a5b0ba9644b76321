import assert from "node:assert/strict";
import { assess } from "./assess.ts";
import type { Failure } from "../model/failure.ts";
import { controlPlaneOf, type FleetFootprint, type PlacedService } from "../model/fleet.ts";
import * as sample from "../testing.ts";
import type { Assessment } from "../model/verdict.ts";

const lostSite = (site: string): Failure => ({ kind: "site", site });
const lostNode = (node: string, site = "a"): Failure => ({ kind: "node", site, node });
const lostHost = (host: string, site = "a"): Failure => ({ kind: "host", site, host });
const link: Failure = { kind: "link" };
const everything: Failure = { kind: "everything" };

const twoSites = { sites: [sample.plainSite("a"), sample.plainSite("b")] };

function verdict(failure: Failure, id: string, of: readonly PlacedService[] | FleetFootprint): Assessment {
  const fleet = "topology" in of ? of : { topology: twoSites, services: of };
  const found = assess(fleet, [failure]).find((each) => each.service === id);
  assert.ok(found);
  return found;
}
const course = ({ during, after }: Assessment) => `${during} → ${after}`;

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
    assert.match(found.why, /within 60 s another member takes over, full within 12 min$/);
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

describe("a single replica", () => {
  it("without data moves within minutes", () => {
    const found = verdict(lostNode("a-agent-1"), "a/web", [sample.service("a/web", sample.workload())]);
    assert.equal(course(found), "down → full");
    assert.equal(found.returns.by === "itself" && found.returns.within, 380);
    assert.equal(found.why, "its only member may be lost; within 6 min what is lost starts on other nodes");
  });

  it("with a local disk waits for a person, and its data is at risk", () => {
    const local = sample.workload({ stores: sample.localDisk });
    const found = verdict(lostNode("a-agent-1"), "a/web", [sample.service("a/web", local)]);
    assert.equal(course(found), "down → down");
    assert.deepEqual(found.returns, { by: "person", steps: ["repair or replace the lost node"] });
    assert.equal(found.dataAtRisk, "its data: all of it if the lost disks are gone for good (no backup: a test)");
  });

  it("with a volume that is freed from a dead node moves, later", () => {
    const moving = sample.workload({ stores: sample.longhorn });
    const found = verdict(lostNode("a-agent-1"), "a/web", [sample.service("a/web", moving)]);
    assert.equal(course(found), "down → full");
    assert.equal(found.returns.by === "itself" && found.returns.within, 740);
    assert.equal(found.dataAtRisk, undefined);
    assert.equal(
      verdict(lostSite("a"), "a/web", [sample.service("a/web", moving)]).dataAtRisk,
      "its data: what is newer than the last backup (Velero to site b, every 1d) if the site's disks are gone for good",
    );
  });

  it("among two that stand apart does not move where the one that is left has the only room", () => {
    const large = { requests: { memory: "20Gi", cpu: "1" } } as const;
    const pair = sample.workload({ ...large, members: { perSite: { a: 2 } }, runsOn: sample.apartOver("node") });
    const services = [sample.service("a/pair", pair), sample.service("a/other", sample.workload(large))];
    const agents = sample.plainSite("a", 0, 3).nodes;
    const server = sample.node("server", "a", { role: "server", memory: "4Gi" });
    const found = verdict(lostNode("a-agent-1"), "a/pair", {
      services,
      topology: { sites: [sample.site("a", [...agents, server])] },
    });
    assert.equal(course(found), "degraded → degraded");
    assert.deepEqual(found.untilFull, ["free 20Gi of memory and 1 of CPU for each member of main, or add a node"]);
  });

  it("hangs on a dead node where nothing frees its pod", () => {
    for (const stuck of [
      sample.workload({ controller: "StatefulSet" }),
      sample.workload({ stores: { ...sample.longhorn, freedFromDeadNode: false } }),
    ]) {
      const found = verdict(lostNode("a-agent-1"), "a/web", [sample.service("a/web", stuck)]);
      assert.equal(course(found), "down → down");
      assert.match(found.untilFull[0] ?? "", /^when the lost node is off for certain, delete the pod of main/);
    }
  });

  it("does not move without a control plane", () => {
    const topology = { sites: [sample.plainSite("a", 1, 2)] };
    const found = verdict(lostNode("a-server-1"), "a/web", {
      services: [sample.service("a/web", sample.workload())],
      topology,
    });
    assert.equal(course(found), "down → down");
    assert.match(found.why, /a\/web needs scheduling of a\/kubernetes to start/);
  });

  it("does not move where no other node may have it, or has room", () => {
    const labelled = sample.site("a", [
      ...sample.plainSite("a", 3, 1).nodes,
      sample.node("gpu", "a", { labels: { gpu: "yes" } }),
    ]);
    const picky = sample.workload({
      runsOn: { required: [{ key: "gpu", values: ["yes"] }], preferred: [], tolerations: [], spread: [] },
    });
    const nowhere = verdict(lostNode("gpu"), "a/web", {
      services: [sample.service("a/web", picky)],
      topology: { sites: [labelled] },
    });
    assert.match(nowhere.why, /no other node may have it/);

    const huge = sample.workload({ requests: { memory: "30Gi", cpu: "1" } });
    const two = [sample.service("a/one", huge), sample.service("a/two", huge)];
    const small = { sites: [sample.plainSite("a", 0, 2)] };
    small.sites[0] = sample.site("a", [
      ...small.sites[0]!.nodes,
      sample.node("server", "a", { role: "server", memory: "4Gi" }),
    ]);
    const full = verdict(lostNode("a-agent-1"), "a/one", { services: two, topology: small });
    assert.equal(course(full), "down → down");
    assert.match(full.why, /no other node has 30 GiB and 1 of CPU left for 1 of them/);
  });
});

describe("what a service uses", () => {
  const uses = (to: readonly ("start" | "read" | "write")[]) =>
    sample.workload({ uses: [{ capability: "objectStore", to }], members: { perSite: { b: 1 } } });
  const store = sample.service("minio", sample.minio({ a: 2, b: 2 }));
  const app = (to: readonly ("start" | "read" | "write")[]) =>
    sample.service("b/app", uses(to), { objectStore: "minio" });

  it("limits it as far as it uses it", () => {
    const found = verdict(lostSite("a"), "b/app", [store, app(["write"])]);
    assert.equal(course(found), "read-only → read-only");
    assert.equal(found.why, "to be written it needs objectStore of minio, which is read-only");
    assert.deepEqual(found.cause, { provider: "minio" });
    assert.equal(course(verdict(lostSite("a"), "b/app", [store, app(["read"])])), "full → full");
  });

  it("takes it down with a site that it is not at", () => {
    const remote = sample.service("a/minio", sample.workload());
    const user = (to: readonly ("start" | "read")[]) => sample.service("b/app", uses(to), { objectStore: "a/minio" });
    assert.equal(verdict(lostSite("a"), "b/app", [remote, user(["read"])]).after, "down");
    assert.equal(verdict(link, "b/app", [remote, user(["read"])]).after, "down");
    const running = verdict(link, "b/app", [remote, user(["start"])]);
    assert.equal(course(running), "degraded → degraded");
    assert.deepEqual(running.untilFull.slice(1), ["bring a/minio back first"]);
    assert.equal(running.why, "what stops cannot start again: that needs objectStore of a/minio");
  });

  it("reaches through other services, also in a circle", () => {
    const chain = [
      sample.service("a/db", sample.workload({ stores: sample.localDisk })),
      sample.service(
        "a/one",
        sample.workload({
          uses: [
            { capability: "postgres", to: ["read"] },
            { capability: "secrets", to: ["read"] },
          ],
        }),
        { postgres: "a/db", secrets: "a/two" },
      ),
      sample.service("a/two", sample.workload({ uses: [{ capability: "secrets", to: ["read"] }] }), {
        secrets: "a/one",
      }),
    ];
    for (const id of ["a/one", "a/two"]) assert.equal(verdict(lostNode("a-agent-1"), id, chain).after, "down");
    const whole = chain.slice(1);
    for (const id of ["a/one", "a/two"]) assert.equal(verdict(lostNode("a-agent-1"), id, whole).after, "full");
    for (const id of ["a/one", "a/two"]) assert.equal(verdict(lostSite("b"), id, whole).during, "full");
  });

  it("means that of each member's own site for a service that spans sites", () => {
    const services = [
      ...["a", "b"].map((at) =>
        sample.service(`${at}/longhorn`, sample.workload({ members: { perSite: { [at]: 1 } } })),
      ),
      sample.service(
        "minio",
        sample.minio({ a: 2, b: 2 }, { uses: [{ capability: "volumes", to: ["read", "write"] }] }),
        {
          volumes: "longhorn",
        },
      ),
    ];
    const found = verdict(lostNode("a-agent-1"), "minio", services);
    assert.equal(found.during, "read-only");
    assert.equal(found.after, "degraded");
  });
});

describe("when everything was off", () => {
  it("starts services in the order of what they need, and counts the time", () => {
    const services = [
      sample.service("a/longhorn", sample.workload({ restarts: { by: "itself", within: "3m" } })),
      sample.service(
        "a/db",
        sample.workload({ uses: [{ capability: "volumes", to: ["start"] }], restarts: { by: "itself", within: "1m" } }),
        { volumes: "a/longhorn" },
      ),
      sample.service("a/app", sample.workload({ uses: [{ capability: "postgres", to: ["read"] }] }), {
        postgres: "a/db",
      }),
    ];
    const times = services.map(({ id }) => {
      const found = verdict(everything, id, services);
      assert.equal(course(found), "down → full");
      return found.returns.by === "itself" ? found.returns.within : undefined;
    });
    assert.deepEqual(times, [300, 360, 360]);
    assert.equal(
      verdict(everything, "a/db", services).why,
      "within 6 min it starts by itself after a/kubernetes, a/longhorn",
    );
  });

  it("leaves a sealed Vault, and who needs it, to a person", () => {
    const services = [
      sample.service("a/vault", sample.vault({ a: 3 })),
      sample.service("a/app", sample.workload({ uses: [{ capability: "secrets", to: ["start"] }] }), {
        secrets: "a/vault",
      }),
    ];
    const sealed = verdict(everything, "a/vault", services);
    assert.deepEqual(sealed.returns, { by: "person", steps: ["unseal each Vault member: vault operator unseal"] });
    assert.match(sealed.why, /a person must act each time it restarts/);
    const waiting = verdict(everything, "a/app", services);
    assert.deepEqual(waiting.returns, { by: "person", steps: ["bring a/vault back first"] });
    assert.match(waiting.why, /a\/app needs secrets of a\/vault to start/);
  });

  it("names a circle of starts with its edges: two Vaults that unseal one another", () => {
    const unsealed = (at: string) =>
      sample.vault(
        { [at]: 3 },
        { restarts: { by: "itself", within: "1m" }, uses: [{ capability: "secrets", to: ["start"] }] },
      );
    const services = [
      sample.service("a/vault", unsealed("a"), { secrets: "b/vault" }),
      sample.service("b/vault", unsealed("b"), { secrets: "a/vault" }),
    ];
    const found = verdict(everything, "a/vault", services);
    assert.equal(course(found), "down → down");
    assert.deepEqual(found.startCycle, ["a/vault", "b/vault"]);
    assert.equal(
      found.why,
      "it waits for itself: a/vault needs secrets of b/vault to start, b/vault needs secrets of a/vault to start",
    );
    assert.equal(verdict(lostNode("a-agent-1"), "a/vault", services).startCycle, undefined);
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
