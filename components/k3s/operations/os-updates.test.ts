import assert from "node:assert/strict";
import fc from "fast-check";
import { describeUpdate, osUpdate, type HostUpdates, type LookedForUpdates, type UpdateRequest } from "./os-updates.ts";
import { planCluster } from "../plan/plan.ts";
import { settingsOf, sixNodes } from "../testing.ts";

const plan = planCluster({ name: "site-a", nodes: sixNodes, settings: settingsOf({ agentLanes: 3 }) });
const idle: HostUpdates = {
  refusal: "",
  failure: "",
  packages: [],
  rebootRequired: false,
  bootId: "b1",
  bootedAt: 1_000,
  cordonedByUs: false,
  well: true,
};
const pending: HostUpdates = { ...idle, packages: ["openssl"] };
const due: HostUpdates = { ...idle, rebootRequired: true };
const asked: UpdateRequest = { reboot: "when-required", since: 2_000 };
const looked = (changes: LookedForUpdates = {}): LookedForUpdates => ({
  ...Object.fromEntries(sixNodes.map(({ name }) => [name, idle])),
  ...changes,
});
const stepsOf = (found: LookedForUpdates, request = asked): readonly string[] => {
  const { servers, lanes } = osUpdate(plan, found, request);
  return [...servers, ...lanes.flat()].map(
    ({ node, steps }) => `${node}: ${steps.map(({ script }) => script.name.replace(".sh", "")).join(" ")}`,
  );
};

describe("an update of the hosts' systems", () => {
  it("leaves hosts alone that wait for nothing", () => {
    assert.deepEqual(stepsOf(looked()), []);
  });

  it("makes way, updates, reboots if that is asked for, and waits for the node: servers first, one at a time", () => {
    const found = looked({ "agent-2": pending, "agent-1": due, "server-3": pending, "server-1": due });
    assert.deepEqual(stepsOf(found), [
      "server-1: make-way reboot-host return-to-service",
      "server-3: make-way update-os reboot-host return-to-service",
      "agent-1: make-way reboot-host return-to-service",
      "agent-2: make-way update-os reboot-host return-to-service",
    ]);
    assert.equal(osUpdate(plan, found, asked).lanes.length, 1);
  });

  it("tells the scripts the drain policy, the boot that it saw, and how long to wait", () => {
    const [work] = osUpdate(plan, looked({ "server-2": pending }), asked).servers;
    assert.deepEqual(
      work?.steps.map(({ parameters }) => parameters),
      [
        { NODE: "server-2", ROLE: "server", DRAIN: true, DRAIN_SECONDS: 300 },
        { NODE: "server-2", ROLE: "server" },
        { NODE: "server-2", ROLE: "server", BOOT_ID: "b1", REBOOT: "when-required" },
        { NODE: "server-2", ROLE: "server", WAIT_SECONDS: 300 },
      ],
    );
  });

  it("goes on where a run ended in between, also where the node cannot say", () => {
    const found = looked({ "server-1": { ...idle, cordonedByUs: true }, "agent-1": { ...idle, cordonedByUs: null } });
    assert.deepEqual(stepsOf(found), ["server-1: return-to-service", "agent-1: return-to-service"]);
  });

  it("reboots as it is told, and nobody twice in one run", () => {
    const found = looked({ "server-1": due, "server-2": { ...idle, bootedAt: 3_000 }, "server-3": pending });
    const only = ["server-1", "server-2", "server-3"];
    assert.deepEqual(stepsOf(found, { ...asked, reboot: "never", only }), [
      "server-3: make-way update-os reboot-host return-to-service",
    ]);
    assert.deepEqual(stepsOf(found, { ...asked, reboot: "always", only }), [
      "server-1: make-way reboot-host return-to-service",
      "server-3: make-way update-os reboot-host return-to-service",
    ]);
  });

  it("refuses a server where the others would be no majority, and lets agents be updated", () => {
    const found = looked({ "server-1": pending, "server-2": "cannot be reached: no route", "agent-1": pending });
    const { servers, lanes } = osUpdate(plan, found, asked);
    assert.match(
      servers[0]?.refused ?? "",
      /^1 of 3 voters would be left while server-1 is away.*Bring server-2 \(cannot be reached: no route\) back first$/,
    );
    assert.equal(lanes[0]?.[0]?.refused, undefined);
  });

  it("takes a host whose apt fails for what it is: a voter that is well, and left out with that cause", () => {
    const failure = "its lists of packages could not be refreshed, as apt-get update has to (E: no such mirror)";
    const found = looked({ "server-1": pending, "server-2": { ...idle, packages: ["openssl"], failure } });
    const { servers } = osUpdate(plan, found, asked);
    assert.deepEqual(
      servers.map(({ node, refused }) => [node, refused]),
      [["server-1", undefined]],
    );
    assert.match(describeUpdate(plan, found, asked)["server-2"] ?? "", /^its lists of packages could not be refreshed/);
  });

  it("says what would be done", () => {
    const many = ["a", "b", "c", "d", "e", "f"];
    const found = looked({
      "server-1": { ...pending, packages: many },
      "server-2": { ...pending, rebootRequired: true },
      "agent-1": "cannot be reached: no route",
      "agent-2": { ...idle, cordonedByUs: true },
      "agent-3": { ...idle, refusal: "its packages are kept by dnf, and only apt-get is known here" },
    });
    assert.deepEqual(describeUpdate(plan, found, asked), {
      "server-1": "6 packages (a, b, c, d, e, …); a reboot if they ask for one",
      "server-2": "1 package (openssl); a reboot",
      "server-3": "nothing to do",
      "agent-1": "cannot be reached: no route",
      "agent-3": "its packages are kept by dnf, and only apt-get is known here",
      "agent-2": "an earlier run did not end here",
    });
    assert.deepEqual(
      describeUpdate(plan, looked({ "server-1": due }), { ...asked, reboot: "never", only: ["server-1"] }),
      {
        "server-1": "a reboot is due, and left to you",
      },
    );
  });

  it("never takes a server that is well while no majority would stay, whatever was found", () => {
    const host = fc.oneof(
      fc.constant("cannot be reached"),
      fc.record({ well: fc.boolean(), waits: fc.boolean() }).map(({ well, waits }) => ({
        ...(waits ? pending : idle),
        well,
      })),
    );
    fc.assert(
      fc.property(fc.array(host, { minLength: 3, maxLength: 3 }), (hosts) => {
        const found = looked(Object.fromEntries(hosts.map((one, index) => [`server-${index + 1}`, one])));
        const well = new Set(
          ["server-1", "server-2", "server-3"].filter((name) => {
            const one = found[name];
            return typeof one === "object" && one.well;
          }),
        );
        for (const { node, refused } of osUpdate(plan, found, asked).servers) {
          const others = [...well].filter((name) => name !== node).length;
          if (well.has(node)) assert.equal(refused === undefined, others === 2);
          // A run ends at the first that is refused; who was worked on is well.
          if (refused !== undefined) return;
          well.add(node);
        }
      }),
    );
  });
});
