import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { maintenanceOrder, quorumRefusal, workThrough, type Maintenance, type NodeWork } from "./maintenance.ts";
import { planCluster } from "../plan/plan.ts";
import { scripts } from "../scripts/scripts.ts";
import { agentNode, serverNode, settingsOf, sixNodes } from "../testing.ts";

const plan = planCluster({ name: "site-a", nodes: sixNodes, settings: settingsOf({ agentLanes: 2 }) });
const workOn = (node: string): NodeWork["steps"] => [
  { node, script: scripts.rotateCertificates, parameters: {}, secretNames: [] },
];
const ofAll: Maintenance = {
  stepsOf: ({ node }) => workOn(node.name),
  leaves: () => true,
  isWell: () => true,
};

describe("quorum while a server is away", () => {
  const servers = (...well: readonly boolean[]) =>
    well.map((one, index) => ({ node: `server-${index + 1}`, well: one }));

  it("holds where the others are a majority", () => {
    assert.equal(quorumRefusal("server-1", servers(true, true, true)), undefined);
    assert.equal(quorumRefusal("server-1", servers(true, false, true, true, true)), undefined);
  });

  it("is refused where they are not, with the server to bring back", () => {
    assert.equal(
      quorumRefusal("server-1", servers(true, true, false)),
      "1 of 3 voters would be left while server-1 is away: no majority, and the API would stop. Bring server-3 back first",
    );
  });

  it("pauses with one or two servers, where nobody else is unwell", () => {
    assert.equal(quorumRefusal("server-1", servers(true)), undefined);
    assert.equal(quorumRefusal("server-1", servers(true, true)), undefined);
    assert.match(quorumRefusal("server-1", servers(true, false)) ?? "", /^0 of 2 voters/);
  });

  it("loses nothing by a server that is not well", () => {
    assert.equal(quorumRefusal("server-3", servers(true, true, false)), undefined);
  });

  it("is never lost where a server that is well may go", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 3, maxLength: 9 }), fc.nat(), (well, pick) => {
        const index = pick % well.length;
        fc.pre(well[index] === true);
        const left = well.filter((one, at) => one && at !== index).length;
        const refused = quorumRefusal(`server-${index + 1}`, servers(...well)) !== undefined;
        assert.equal(refused, left * 2 <= well.length);
      }),
    );
  });
});

describe("the order of maintenance", () => {
  it("takes servers one by one, then agents in their lanes", () => {
    const { servers, lanes } = maintenanceOrder(plan, ofAll);
    assert.deepEqual(
      servers.map(({ node }) => node),
      ["server-1", "server-2", "server-3"],
    );
    assert.deepEqual(
      lanes.map((lane) => lane.map(({ node }) => node)),
      [["agent-1", "agent-3"], ["agent-2"]],
    );
  });

  it("leaves out who is not meant, and who needs nothing", () => {
    const stepsOf: Maintenance["stepsOf"] = ({ node }) => (node.name === "server-2" ? [] : workOn(node.name));
    const only = ["server-2", "server-3", "agent-2"];
    const { servers, lanes } = maintenanceOrder(plan, { ...ofAll, only, stepsOf });
    assert.deepEqual(
      [servers.map(({ node }) => node), lanes.map((lane) => lane.map(({ node }) => node))],
      [["server-3"], [["agent-2"]]],
    );
  });

  it("refuses by how things will stand then: a server that is worked on before is well by then", () => {
    const refused = (isWell: Maintenance["isWell"], leaves: Maintenance["leaves"] = () => true) =>
      maintenanceOrder(plan, { ...ofAll, isWell, leaves }).servers.flatMap((one) => ("refused" in one ? one.node : []));
    assert.deepEqual(
      refused((node) => node !== "server-1"),
      [],
    );
    assert.deepEqual(
      refused((node) => node !== "server-2"),
      ["server-1"],
    );
    assert.deepEqual(
      refused((node) => node !== "server-3"),
      ["server-1", "server-2"],
    );
    assert.deepEqual(
      refused(
        (node) => node !== "server-3",
        () => false,
      ),
      [],
    );
  });

  it("never has two servers away, begins agents after all servers, and nothing after a failure", async () => {
    const cluster = fc.record({
      servers: fc.constantFrom(1, 3, 5),
      agents: fc.nat(7),
      agentLanes: fc.integer({ min: 1, max: 4 }),
      pauses: fc.array(fc.nat(3), { minLength: 12, maxLength: 12 }),
      failsAt: fc.option(fc.nat(11)),
    });
    await fc.assert(
      fc.asyncProperty(cluster, async ({ servers, agents, agentLanes, pauses, failsAt }) => {
        const nodes = [
          ...Array.from({ length: servers }, (_, index) => serverNode(index + 1)),
          ...Array.from({ length: agents }, (_, index) => agentNode(index + 1)),
        ];
        const order = maintenanceOrder(planCluster({ name: "a", nodes, settings: settingsOf({ agentLanes }) }), ofAll);
        const away = new Set<string>();
        const done: string[] = [];
        const wrong: string[] = [];
        let failed = false;
        let begun = 0;
        const ran = workThrough(order, async ({ node }) => {
          const number = begun++;
          away.add(node);
          const server = node.startsWith("server");
          if (failed) wrong.push(`${node} was begun after a failure`);
          if (server && away.size > 1) wrong.push(`${[...away].join(", ")} are away`);
          if (!server && done.filter((name) => name.startsWith("server")).length < servers)
            wrong.push(`${node} is early`);
          if (away.size > agentLanes) wrong.push(`${away.size} are away`);
          await sleep(pauses[number] ?? 0);
          away.delete(node);
          if (number === failsAt) {
            failed = true;
            throw new Error(`fails at ${node}`);
          }
          done.push(node);
        });
        if (failsAt !== null && failsAt < nodes.length) await assert.rejects(ran, /^Error: fails at /);
        else {
          await ran;
          assert.deepEqual([...done].sort(), nodes.map(({ name }) => name).sort());
        }
        assert.deepEqual(wrong, []);
      }),
      { numRuns: 60 },
    );
  });
});
