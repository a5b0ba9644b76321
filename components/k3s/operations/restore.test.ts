import assert from "node:assert/strict";
import { planCluster } from "../plan/plan.ts";
import { restoreStages } from "./restore.ts";
import { settingsOf, sixNodes } from "../testing.ts";

const plan = planCluster({ name: "site-a", nodes: sixNodes, settings: settingsOf() });
const request = {
  snapshot: "daily-server-1-1",
  onto: "server-1",
  attempt: "2026-11-21",
  machines: { "server-2": "m2" },
};

const ready = ["server-1", "server-2", "server-3"].map((node) => `${node} ready-to-restore.sh`);
const agents = ["agent-1", "agent-2", "agent-3"].map((node) => `${node} restart-agent.sh`);

describe("a restore", () => {
  it("makes all servers ready, stops all others, restores the first one, lets the others join it one by one, starts agents anew", () => {
    const stages = restoreStages(plan, request).map((stage) =>
      stage.map(({ node, script }) => `${node} ${script.name}`),
    );
    assert.deepEqual(stages, [
      ready,
      ["server-2 leave.sh", "server-3 leave.sh"],
      ["server-1 restore.sh"],
      ["server-1 admission.sh"],
      ["server-2 install-server.sh"],
      ["server-3 install-server.sh"],
      agents,
    ]);
  });

  it("works on no more agents at a time than lanes are allowed", () => {
    const narrow = planCluster({ name: "site-a", nodes: sixNodes, settings: settingsOf({ agentLanes: 2 }) });
    const stages = restoreStages(narrow, request).map((stage) => stage.map(({ node }) => node));
    assert.deepEqual(stages.slice(-2), [["agent-1", "agent-2"], ["agent-3"]]);
  });

  it("is another one where it is gone on with by another snapshot: it never mixes the two", () => {
    const attemptsOf = (snapshot: string): ReadonlySet<unknown> => {
      const steps = restoreStages(plan, { ...request, snapshot }).flat();
      return new Set(steps.flatMap(({ parameters: { ATTEMPT, RESTORE } }) => ATTEMPT ?? RESTORE ?? []));
    };
    assert.deepEqual([...attemptsOf("a")], ["2026-11-21.a"]);
    assert.deepEqual([...attemptsOf("b")], ["2026-11-21.b"]);
  });

  it("looks for the restored server first, whatever the API address leads to by then", () => {
    const [, , , , [rejoin] = []] = restoreStages(plan, request);
    assert.deepEqual(rejoin?.parameters["CANDIDATES"], ["10.0.20.11", "10.0.20.10"]);
  });

  it("names no secret but those that its scripts read", () => {
    const [, , [restore] = []] = restoreStages(plan, request);
    assert.deepEqual(restore?.secretNames, [
      "AGENT_TOKEN",
      "OLDER_TOKENS",
      "REGISTRIES",
      "SERVER_TOKEN",
      "SNAPSHOT_STORE",
      "SNAPSHOT_TOKEN",
    ]);
  });

  it("goes onto the server that has the snapshot, whichever that is", () => {
    const stages = restoreStages(plan, { ...request, onto: "server-2" });
    assert.deepEqual(
      stages.map((stage) => stage.map(({ node, script }) => `${node} ${script.name}`)),
      [
        ready,
        ["server-1 leave.sh", "server-3 leave.sh"],
        ["server-2 restore.sh"],
        ["server-2 admission.sh"],
        ["server-1 install-server.sh"],
        ["server-3 install-server.sh"],
        agents,
      ],
    );
  });

  it("of a cluster without servers is nothing", () => {
    const none = planCluster({ name: "site-a", nodes: [], settings: settingsOf() });
    assert.deepEqual(restoreStages(none, request), []);
  });
});
