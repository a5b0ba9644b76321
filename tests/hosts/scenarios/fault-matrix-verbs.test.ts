/**
 * Every verb that changes a cluster × every fault × every step of its scripts; after each, the verb again. By default the cells in
 * which most can go wrong and that no other scenario has; all of them with --full.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

import { execa } from "execa";
import { assertConverged } from "../../kits/site/cluster-state.ts";
import type { Host } from "../../kits/lab/hosts.ts";
import { assertNobodyAway, assertStarts, countStarts } from "./fault-matrix-checks.ts";
import { faults, type Fault } from "./fault-matrix-faults.ts";
import { stepsOfVerb, verbs, type Verb } from "./fault-matrix-verbs.ts";
import { Writer } from "./fault-matrix-writer.ts";
import { full } from "../../kits/site/requirements.ts";
import { holdAt, type Hold } from "./steps.ts";
import { TestSite } from "../../kits/site/test-site.ts";
import { keepWellSite } from "./well-site.ts";

/** A lost host is told after a minute: a person does not wait for that. */
const patienceMs = 10_000;
const tries = 6;

interface Cell {
  readonly verb: Verb;
  readonly fault: Fault;
  readonly on: string;
  readonly step: string;
}

for (const verb of full ? verbs : []) {
  describe(`${verb.name}, with a fault in the middle:`, function () {
    this.timeout(600_000);
    let time = 0;
    const wellSite = keepWellSite({
      create: () => TestSite.create({ nodes: verb.nodes, settings: { waitSeconds: 40 } }),
      prepare: async (site) => {
        await site.goesUp();
        await verb.prepare(site);
      },
    });

    for (const fault of faults) {
      for (const { on, step } of stepsOfVerb(verb)) {
        it(`${fault.name} while ${on} is at: ${step}`, async () => {
          time += 1;
          await survives(await wellSite(), { verb, fault, on, step }, time);
        });
      }
    }
  });
}

async function survives(site: TestSite, cell: Cell, time: number): Promise<void> {
  const { verb, fault, on } = cell;
  const asked = await verb.ask(site, time);
  const writer = asked.keepsWrites ? await Writer.start(site, `of-verb-${String(time)}`) : undefined;
  try {
    const before = await countStarts(site);
    await strike(site, cell, asked.task);
    await goesThrough(verb, asked.task);
    await assertConverged(site);
    await assertNobodyAway(site);
    const { starts } = asked;
    await assertStarts(site, before, { starts, struck: on, extra: fault.extraStarts, mayFail: fault.breaksJoins });
    await asked.holds(fault.extraStarts);
    if (writer !== undefined) assert.deepEqual(await writer.lost(), [], "acknowledged, and lost");
  } finally {
    writer?.stop();
  }
}

const begin = ({ program }: Verb, task: object) =>
  execa(process.execPath, ["--import", "tsx", join(import.meta.dirname, program)], {
    input: JSON.stringify(task),
    reject: false,
    all: true,
  });
type Running = ReturnType<typeof begin>;

/** Begins the verb, and lets the fault strike while the host is at the step; then what broke is whole again. */
async function strike(site: TestSite, { verb, fault: { happens }, on, step }: Cell, task: object): Promise<void> {
  const host = site.host(on);
  const hold = verb.tells ? undefined : await holdAt(host, step);
  const running = begin(verb, task);
  const ended = running.then(({ all }) => {
    throw new Error(`it ended, and never came to the step "${step}" on ${on}:\n${all}`);
  });
  await Promise.race([ended, hold?.reached ?? told(running, `[${on}] ${step}`)]);
  await happens?.begins(host);
  if (happens !== undefined) await Promise.race([running, sleep(patienceMs)]);
  running.kill("SIGKILL");
  await running;
  await whole(host, hold, happens);
}

/** What broke is fixed, and what is held goes on. */
async function whole(host: Host, hold: Hold | undefined, happens: Fault["happens"]): Promise<void> {
  await happens?.ends(host);
  await host.reachable();
  if (happens === undefined) await hold?.release();
}

/** Resolves when it says this line; what it says is read on, or it would end with a broken pipe. */
async function told(running: Running, line: string): Promise<void> {
  let said = "";
  await new Promise<void>((resolve) => {
    running.all.on("data", (data: Buffer) => {
      said += data.toString();
      if (said.split("\n").includes(line)) resolve();
    });
  });
}

/** A host that is about to go down or to come up is met away by who looks at once: a person runs the verb again. */
async function goesThrough(verb: Verb, task: object): Promise<void> {
  let said = "";
  for (let tried = 1; tried <= tries; tried += 1) {
    const { exitCode, all } = await begin(verb, task);
    if (exitCode === 0) return;
    said += all;
    if (!/left out|cannot be reached/.test(all)) break;
  }
  throw new Error(`it does not go on:\n${said}`);
}
