/** What a change of one node costs the others in a large cluster: nothing. Sessions are counted where they arrive. */
import assert from "node:assert/strict";

import { changed, needsPulumi } from "../kits/engine/harness.ts";
import { ManyNodes } from "../kits/fleets/many-nodes.ts";
import type { HostSession } from "../kits/fleets/ssh-hosts.ts";

const hostsOf = (sessions: readonly HostSession[]): readonly string[] => [...new Set(sessions.map(({ host }) => host))];

describe("a cluster of 100 nodes", function () {
  this.timeout(300_000);
  let cluster: ManyNodes | undefined;
  const many = (): ManyNodes => {
    assert.ok(cluster);
    return cluster;
  };

  before(needsPulumi);
  before(async () => {
    cluster = await ManyNodes.create(100, 1);
  });
  after(() => cluster?.dispose());

  it("goes up, with a session to each of them", async () => {
    const { sessions } = await many().up();
    assert.equal(hostsOf(sessions).length, 100);
  });

  it("opens no session on an `up` without a change", async () => {
    const { run, sessions } = await many().up();
    assert.deepEqual(changed(run.done), []);
    assert.deepEqual(sessions, []);
  });

  it("adds an agent with sessions to that agent and to one server", async () => {
    many().add("agent-98");
    const { sessions } = await many().up();
    assert.deepEqual(hostsOf(sessions).toSorted(), ["agent-98", "server-1"]);
    assert.deepEqual(
      sessions.filter(({ host }) => host === "agent-98").map(({ script }) => script),
      ["preflight.sh", "install-agent.sh"],
    );
  });

  it("removes an agent with sessions to one server", async () => {
    many().remove("agent-17");
    const { sessions } = await many().up();
    assert.deepEqual(hostsOf(sessions), ["server-1"]);
  });

  it("asks the next server where the first one is away, and still no other", async () => {
    many().hosts.stop("server-1");
    many().remove("agent-18");
    const { sessions } = await many().up();
    assert.deepEqual(hostsOf(sessions), ["server-2"]);
  });
});
