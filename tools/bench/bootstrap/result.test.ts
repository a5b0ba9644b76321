import assert from "node:assert/strict";
import { resultOf, resultText, type Measurements } from "./result.ts";

const measured: Measurements = {
  rounds: 3,
  machine: { node: "v20", cpus: 2 },
  k3s: { version: "v1.34.3+k3s1", real: false, pace: { K3S_STANDIN_START: 4 } },
  values: {
    plainJoins: [62, 60, 80],
    plainFirstServer: [7, 7, 8],
    plainFurtherServers: [26, 26],
    plainAgents: [5, 6, 7],
    ourJoins: [90, 66, 65],
    engineAlone: [1, 1, 1],
    emptyProgram: [2, 1.9, 2.2],
    secondRun: [2.5, 2.6, 3],
    secondRunSessions: [0, 0, 0],
    addedAgent: [9],
    addedAgentHosts: [2],
    removedAgentHosts: [1],
  },
};

describe("the result of the benchmark of a bootstrap", () => {
  it("gives least, middle and most of what was measured", () => {
    const { figures } = resultOf(measured);
    assert.deepEqual(figures.plainJoins, {
      what: "3 servers and 3 agents, plain script",
      unit: "s",
      min: 60,
      median: 62,
      max: 80,
    });
    assert.equal(figures.plainFurtherServers.median, 26);
  });

  it("compares the best rounds, and says what is met", () => {
    const { ratios, met } = resultOf(measured);
    assert.equal(ratios.joins, 65 / 60);
    assert.equal(ratios.secondRun, 2.5 / 1.9);
    assert.deepEqual(met, {
      joins: true,
      secondRun: false,
      secondRunSessions: true,
      addedAgentHosts: true,
      removedAgentHosts: true,
    });
  });

  it("counts a single session in any round, and a single host too many", () => {
    const values = { ...measured.values, secondRunSessions: [0, 1, 0], addedAgentHosts: [3] };
    const { met } = resultOf({ ...measured, values });
    assert.equal(met.secondRunSessions, false);
    assert.equal(met.addedAgentHosts, false);
  });

  it("says in its table what was missed, and that a stand-in was measured", () => {
    const text = resultText(resultOf(measured));
    assert.match(text, /^met {5}joins take 1\.08 times the plain script, at most 1\.1$/m);
    assert.match(text, /^MISSED {2}an up without a change takes 1\.32 times the empty program, at most 1\.3$/m);
    assert.match(text, /A stand-in for k3s, at the pace of a real one .* K3S_STANDIN_START=4/);
    assert.match(text, /^3 servers and 3 agents, plain script +60\.0 +62\.0 +80\.0 +s$/m);
  });
});
