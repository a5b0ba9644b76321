import assert from "node:assert/strict";
import { planCluster } from "../plan/plan.ts";
import { certificateRotation, needsRotation, type NodeCertificates } from "./rotation.ts";
import { settingsOf, sixNodes } from "../testing.ts";

const plan = planCluster({ name: "site-a", nodes: sixNodes, settings: settingsOf({ agentLanes: 2 }) });
const fresh: NodeCertificates = { days: 364, rotating: false, well: true };
const old: NodeCertificates = { ...fresh, days: 200 };
const all = (one: NodeCertificates): Readonly<Record<string, NodeCertificates>> =>
  Object.fromEntries(sixNodes.map(({ name }) => [name, one]));
const namesOf = (found: Readonly<Record<string, NodeCertificates>>, olderThanDays = 1) => {
  const { servers, lanes } = certificateRotation(plan, found, { olderThanDays });
  return [servers.map(({ node }) => node), lanes.map((lane) => lane.map(({ node }) => node))];
};

describe("a rotation of certificates", () => {
  it("takes servers one by one, then agents in lanes", () => {
    assert.deepEqual(namesOf(all(old)), [
      ["server-1", "server-2", "server-3"],
      [["agent-1", "agent-3"], ["agent-2"]],
    ]);
  });

  it("leaves alone what is not a day old, as a run that was killed left it", () => {
    assert.deepEqual(namesOf(all(fresh)), [[], []]);
    assert.deepEqual(namesOf({ ...all(fresh), "server-3": old }), [["server-3"], []]);
    assert.deepEqual(namesOf(all(fresh), 0).flat(2).length, 6);
  });

  it("goes on where one did not end, and where nothing is known of certificates", () => {
    assert.deepEqual(
      namesOf({ ...all(fresh), "server-2": { ...fresh, rotating: true }, "agent-2": { ...fresh, days: null } }),
      [["server-2"], [["agent-2"]]],
    );
  });

  it("counts a certificate's age from its end", () => {
    const cases: readonly (readonly [number, number, boolean])[] = [
      [364, 1, false],
      [363, 1, true],
      [335, 30, false],
      [334, 30, true],
      [-5, 300, true],
    ];
    for (const [days, olderThanDays, needed] of cases) {
      assert.equal(needsRotation({ ...fresh, days }, { olderThanDays }), needed, `${days} ${olderThanDays}`);
    }
  });

  it("refuses a server where the others would be no majority, and fixes one that is down on the way", () => {
    const found = { ...all(old), "server-2": { ...old, well: false } };
    const refused = (only?: readonly string[]) =>
      certificateRotation(plan, found, { olderThanDays: 1, only }).servers.map(({ node, refused: why }) => [
        node,
        why !== undefined,
      ]);
    assert.deepEqual(refused(), [
      ["server-1", true],
      ["server-2", false],
      ["server-3", false],
    ]);
    assert.deepEqual(refused(["server-3"]), [["server-3", true]]);
  });

  it("tells the script from when on certificates are new enough", () => {
    const told = (olderThanDays: number) =>
      certificateRotation(plan, all(old), { olderThanDays }).servers[0]?.steps[0]?.parameters["RENEW_BELOW_DAYS"];
    assert.deepEqual([told(0), told(1), told(30)], [366, 364, 335]);
  });
});
