import assert from "node:assert/strict";
import type { Checkpoint, StateResource } from "../pulumi/checkpoint.ts";
import { describeInterrupted, interruptedIn, outcomes, withoutPending, withoutRefused } from "./pending.ts";

const vm = "proxmoxve:index/vmLegacy:VmLegacy";
const release = "kubernetes:helm.sh/v3:Release";
const make = (type: string, name: string, inputs: Record<string, unknown>): StateResource => ({
  urn: `urn:pulumi:site-a::isthmus::${type}::${name}`,
  type,
  inputs,
});
const server = make(vm, "server-1-vm", { nodeName: "pve-1", vmId: 101, name: "server-1" });
const chart = make(release, "traefik", { namespace: "edge", name: "traefik" });
const secret = make("kubernetes:core/v1:Secret", "login", { metadata: { namespace: "edge", name: "login" } });
const issuer = make("kubernetes:cert-manager.io/v1:ClusterIssuer", "issuer", { metadata: { name: "acme" } });
const password = make("random:index/randomPassword:RandomPassword", "token", { length: 48 });
const install = make("command:local:Command", "install", { create: "sh" });

function state(resources: StateResource[], pending: readonly [string, StateResource][] = []): Checkpoint {
  const pending_operations = pending.map(([type, resource]) => ({ type, resource }));
  return { version: 3, deployment: { manifest: { time: "2026-11-21T09:00:00Z" }, resources, pending_operations } };
}

const creating = (...resources: StateResource[]): Checkpoint =>
  state(
    [],
    resources.map((one) => ["creating", one]),
  );

describe("what a killed run left", () => {
  it("is looked for by the identifier that each provider imports by", () => {
    const found = interruptedIn(creating(server, chart, secret, issuer));
    assert.deepEqual(
      found.map(({ lookFor }) => lookFor),
      ["pve-1/101", "edge/traefik", "edge/login", "acme"],
    );
  });

  it("is just done again where that is safe: generated values, scripts, updates", () => {
    const left = state(
      [chart],
      [
        ["creating", password],
        ["creating", install],
        ["updating", chart],
        ["deleting", chart],
      ],
    );
    assert.deepEqual(
      interruptedIn(left).map(({ lookFor }) => lookFor),
      [undefined, undefined, undefined, "edge/traefik"],
    );
    assert.deepEqual(interruptedIn(left).map(describeInterrupted), [
      "creating token (random:index/randomPassword:RandomPassword): the next `up` does it again",
      "creating install (command:local:Command): the next `up` does it again",
      "updating traefik (kubernetes:helm.sh/v3:Release): the next `up` does it again",
      "deleting traefik (kubernetes:helm.sh/v3:Release): is looked for as edge/traefik; where it is still there, the next `up` or `destroy` deletes it",
    ]);
  });

  it("is not put beside what the state has under the same name, and takes its place where the old one is gone", () => {
    assert.equal(interruptedIn(state([server], [["creating", server]]))[0]?.lookFor, undefined);
    const gone = { ...server, id: "pve-1/101", outputs: { old: true }, pendingReplacement: true };
    const left = state([gone, chart], [["creating", server]]);
    assert.equal(interruptedIn(left)[0]?.lookFor, "pve-1/101");
    assert.deepEqual(withoutPending(left, interruptedIn(left)).deployment.resources, [
      { ...server, id: "pve-1/101", outputs: {} },
      chart,
    ]);
  });

  it("that was being deleted is gone where it is not found, and is never refused", () => {
    const renamed = { ...server, outputs: { name: "family-photos" } };
    const left = state([server], [["deleting", server]]);
    assert.deepEqual(withoutPending(left, interruptedIn(left)).deployment.resources, [server]);
    const [there] = outcomes(interruptedIn(left), state([renamed]));
    assert.deepEqual([there?.found, there?.refused], [true, undefined]);
    assert.equal(outcomes(interruptedIn(left), state([]))[0]?.found, false);
  });

  it("leaves no pending operation, and what is looked for stands in the state without outputs", () => {
    const left = creating(server, password);
    const cleared = withoutPending(left, interruptedIn(left)).deployment;
    assert.deepEqual(cleared.pending_operations, []);
    assert.deepEqual(cleared.resources, [{ ...server, id: "pve-1/101", outputs: {} }]);
    assert.deepEqual(left.deployment.resources, [], "the state before is not touched");
  });
});

describe("what was looked for", () => {
  const look = (resource: StateResource, outputs?: Record<string, unknown>) => {
    const left = creating(resource);
    const refreshed = state(outputs === undefined ? [] : [{ ...resource, id: "x", outputs }]);
    const looked = outcomes(interruptedIn(left), refreshed);
    return { looked, after: withoutRefused(refreshed, looked).deployment.resources };
  };

  it("is taken up where it is there", () => {
    const { looked, after } = look(server, { name: "server-1" });
    assert.deepEqual([looked[0]?.found, looked[0]?.refused, after?.length], [true, undefined, 1]);
  });

  it("is made by the next `up` where it is not", () => {
    assert.deepEqual([look(server).looked[0]?.found, look(server).looked[0]?.refused], [false, undefined]);
  });

  it("is not taken up where the number is somebody else's VM", () => {
    const { looked, after } = look(server, { name: "family-photos" });
    assert.match(looked[0]?.refused ?? "", /VM pve-1\/101 .*"family-photos", not "server-1".*another vm\.id/);
    assert.deepEqual(after, []);
  });
});
