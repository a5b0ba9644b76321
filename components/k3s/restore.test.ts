import assert from "node:assert/strict";
import { planCluster } from "./plan.ts";
import { chooseSnapshot, parseSnapshots, restoreStages, snapshotsStep } from "./restore.ts";
import { settingsOf, sixNodes } from "./six-nodes.ts";

const plan = planCluster({ name: "site-a", nodes: sixNodes, settings: settingsOf() });
const request = {
  snapshot: "daily-server-1-1",
  onto: "server-1",
  occasion: "2026-11-21",
  machines: { "server-2": "m2" },
};

describe("a restore", () => {
  it("stops all other servers, restores the first one, and lets the others join it one by one", () => {
    const stages = restoreStages(plan, request).map((stage) =>
      stage.map(({ node, script }) => `${node} ${script.name}`),
    );
    assert.deepEqual(stages, [
      ["server-2 leave.sh", "server-3 leave.sh"],
      ["server-1 restore.sh"],
      ["server-1 admission.sh"],
      ["server-2 install-server.sh"],
      ["server-3 install-server.sh"],
    ]);
  });

  it("looks for the restored server first, whatever the API address leads to by then", () => {
    const [, , , [rejoin] = []] = restoreStages(plan, request);
    assert.deepEqual(rejoin?.parameters["CANDIDATES"], ["10.0.20.11", "10.0.20.10"]);
  });

  it("names no secret but those that its scripts read", () => {
    const [, [restore] = []] = restoreStages(plan, request);
    assert.deepEqual(restore?.secretNames, ["AGENT_TOKEN", "REGISTRIES", "SERVER_TOKEN", "SNAPSHOT_STORE"]);
    assert.deepEqual(snapshotsStep(plan, "server-1").secretNames, ["S3_ACCESS_KEY", "S3_SECRET_KEY"]);
  });

  it("goes onto the server that has the snapshot, whichever that is", () => {
    const stages = restoreStages(plan, { ...request, onto: "server-2" });
    assert.deepEqual(
      stages.map((stage) => stage.map(({ node, script }) => `${node} ${script.name}`)),
      [
        ["server-1 leave.sh", "server-3 leave.sh"],
        ["server-2 restore.sh"],
        ["server-2 admission.sh"],
        ["server-1 install-server.sh"],
        ["server-3 install-server.sh"],
      ],
    );
  });

  it("finds a snapshot by its name, by what it was called, or by its age", () => {
    const found = [
      ...parseSnapshots("server-1", "2026-11-20T10:00:00Z daily-server-1-1\n2026-11-21T10:00:00Z daily-server-1-2\n"),
      ...parseSnapshots("server-2", "2026-11-20T12:00:00Z before-upgrade-server-2-7\n"),
      ...parseSnapshots("server-3", ""),
    ];
    assert.deepEqual(chooseSnapshot(found, "latest"), {
      name: "daily-server-1-2",
      madeAt: "2026-11-21T10:00:00Z",
      on: "server-1",
    });
    assert.equal(chooseSnapshot(found, "daily-server-1-1")?.name, "daily-server-1-1");
    assert.equal(chooseSnapshot(found, "daily")?.name, "daily-server-1-2");
    assert.equal(chooseSnapshot(found, "before-upgrade")?.on, "server-2");
    assert.equal(chooseSnapshot(found, "dail"), undefined);
    assert.equal(chooseSnapshot([], "latest"), undefined);
  });

  it("of a cluster without servers is nothing", () => {
    const none = planCluster({ name: "site-a", nodes: [], settings: settingsOf() });
    assert.deepEqual(restoreStages(none, request), []);
  });
});
