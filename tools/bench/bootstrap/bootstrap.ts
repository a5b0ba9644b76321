import { cpus } from "node:os";
import { UserError } from "@isthmus/core";
import { pulumiIsMissing } from "../../../tests/kits/engine/cli.ts";
import { ManyNodes } from "../../../tests/kits/fleets/many-nodes.ts";
import type { HostSession } from "../../../tests/kits/fleets/ssh-hosts.ts";
import { missing } from "../../../tests/kits/lab/hosts.ts";
import { assertConverged } from "../../../tests/kits/site/cluster-state.ts";
import type { TestSite } from "../../../tests/kits/site/test-site.ts";
import { plainJoins, type Joins } from "./plain-joins.ts";
import { resultOf, type BootstrapResult } from "./result.ts";
import { OtherPrograms, secondRun, type SecondRun } from "./second-run.ts";
import { createSite, pace, startOver } from "./site.ts";

/** Measures what a cluster costs to bring up, to leave alone, and to change by one node. `say` hears how it goes on. */
export async function benchBootstrap(rounds: number, say: (line: string) => void): Promise<BootstrapResult> {
  refuseWithoutHosts();
  const { site, k3s } = await createSite();
  const others = await OtherPrograms.create();
  const measured: Round[] = [];
  try {
    for (let number = 1; number <= rounds; number += 1) {
      if (number > 1) await startOver(site);
      const round = await measureRound(site, others, number);
      measured.push(round);
      const { plain, ours, second } = round;
      const seconds = (values: readonly number[]): string => `${Math.min(...values).toFixed(1)} s`;
      say(
        `round ${number}: plain script ${plain.seconds.toFixed(1)} s, pulumi up ${ours.toFixed(1)} s; ` +
          `empty program ${seconds(second.map(({ empty }) => empty))}, without a change ${seconds(second.map(({ ours }) => ours))}`,
      );
    }
  } finally {
    others.dispose();
    await site.destroy();
  }
  const many = await oneOfMany();
  say(`one agent more on 100 nodes: ${many.addedAgent.toFixed(1)} s`);
  return resultOf({
    rounds,
    machine: { node: process.version, cpus: cpus().length },
    k3s: { version: k3s.version, real: k3s.real, pace: k3s.real ? {} : pace },
    values: { ...valuesOf(measured), ...valuesOfMany(many) },
  });
}

function refuseWithoutHosts(): void {
  const lacks = [...missing().map(({ what, fix }) => `${what}: ${fix}`), ...pulumiIsMissing()];
  if (lacks.length === 0) return;
  throw new UserError(`This needs test hosts and the engine, and the machine lacks:\n  ${lacks.join("\n  ")}`);
}

/** In each round: one takes seconds, where joins take minutes. */
const secondRuns = 3;

interface Round {
  readonly plain: Joins;
  readonly ours: number;
  readonly second: readonly SecondRun[];
}

/** Both ways on the same hosts, wiped between; who is first changes from round to round. */
async function measureRound(site: TestSite, others: OtherPrograms, number: number): Promise<Round> {
  const plainWay = async (): Promise<Joins> => {
    const joins = await plainJoins(site);
    await assertConverged(site);
    return joins;
  };
  const ourWay = async (): Promise<Pick<Round, "ours" | "second">> => {
    const run = await site.goesUp();
    await assertConverged(site);
    const second: SecondRun[] = [];
    for (let time = 0; time < secondRuns; time += 1) second.push(await secondRun(site, others));
    return { ours: run.milliseconds / 1000, second };
  };
  if (number % 2 === 1) {
    const plain = await plainWay();
    await startOver(site);
    return { plain, ...(await ourWay()) };
  }
  const ours = await ourWay();
  await startOver(site);
  return { plain: await plainWay(), ...ours };
}

interface OneOfMany {
  readonly addedAgent: number;
  readonly addedAgentHosts: number;
  readonly removedAgentHosts: number;
}

async function oneOfMany(): Promise<OneOfMany> {
  const many = await ManyNodes.create(100, 1);
  try {
    await many.up();
    many.add("agent-98");
    const added = await many.up();
    many.remove("agent-98");
    const removed = await many.up();
    return {
      addedAgent: added.run.milliseconds / 1000,
      addedAgentHosts: hostCount(added.sessions),
      removedAgentHosts: hostCount(removed.sessions),
    };
  } finally {
    many.dispose();
  }
}

const hostCount = (sessions: readonly HostSession[]): number => new Set(sessions.map(({ host }) => host)).size;

function valuesOf(rounds: readonly Round[]) {
  const named = (pattern: RegExp): number[] =>
    rounds.flatMap(({ plain }) =>
      Object.entries(plain.nodes).flatMap(([name, seconds]) => (pattern.test(name) ? seconds : [])),
    );
  const second = rounds.flatMap((round) => round.second);
  return {
    plainJoins: rounds.map(({ plain }) => plain.seconds),
    plainFirstServer: named(/^server-1$/),
    plainFurtherServers: named(/^server-[23]$/),
    plainAgents: named(/^agent-/),
    ourJoins: rounds.map(({ ours }) => ours),
    engineAlone: second.map(({ engine }) => engine),
    emptyProgram: second.map(({ empty }) => empty),
    secondRun: second.map(({ ours }) => ours),
    secondRunSessions: second.map(({ sessions }) => sessions),
  };
}

function valuesOfMany(many: OneOfMany) {
  return {
    addedAgent: [many.addedAgent],
    addedAgentHosts: [many.addedAgentHosts],
    removedAgentHosts: [many.removedAgentHosts],
  };
}
