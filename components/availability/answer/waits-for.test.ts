import assert from "node:assert/strict";
import * as sample from "../testing.ts";

import { course, everything, link, lostNode, lostSite, verdict } from "../testing.ts";

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
    assert.equal(verdict(everything, "a/db", services).why, "it starts by itself after a/kubernetes, a/longhorn");
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
    assert.match(sealed.why, /each restart needs manual action/);
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
