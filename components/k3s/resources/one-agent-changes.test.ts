import assert from "node:assert/strict";
import type { MachineConnection } from "@isthmus/core";
import { runtime, secret } from "@pulumi/pulumi";
import type { MockResourceArgs } from "@pulumi/pulumi/runtime/index.js";
import fc from "fast-check";
import { K3sCluster } from "./cluster.ts";
import type { K3sNode } from "../plan/node.ts";
import type { K3sSettings } from "../settings/schema.ts";
import { serverNode, settingsOf } from "../testing.ts";

type State = Readonly<Record<string, unknown>>;

/** What scripts print that others are told of. */
const printed: Readonly<Record<string, string>> = { "c-server-1": "K10abc\n" };

/** One cluster over several runs: like the engine, it keeps what a resource says is not to change. */
class Deployment {
  readonly #kept = new Map<string, State>();

  /** The inputs of all resources, by name, as text; without those that are kept. */
  async up(nodes: readonly K3sNode[], settings: K3sSettings): Promise<ReadonlyMap<string, string>> {
    const inputs = new Map<string, string>();
    const kept = new Map<string, readonly string[]>();
    await runtime.setMocks({
      newResource: (args) => {
        const ignored = kept.get(args.name) ?? [];
        const told = Object.fromEntries(Object.entries(args.inputs as State).filter(([key]) => !ignored.includes(key)));
        inputs.set(args.name, JSON.stringify(told));
        const state = (ignored.length > 0 ? this.#kept.get(args.name) : undefined) ?? stateOf(args);
        this.#kept.set(args.name, state);
        return { id: `${args.name}-id`, state: { ...state } };
      },
      call: ({ token }) => {
        throw new Error(`unexpected call of ${token}`);
      },
    });
    await runtime.runInPulumiStack(() => {
      runtime.registerStackTransformation(({ name, opts }) => {
        kept.set(name, "ignoreChanges" in opts ? (opts.ignoreChanges ?? []) : []);
        return undefined;
      });
      new K3sCluster("c", { name: "c", nodes, settings, machines: machinesOf(nodes), privateKey: secret("key") });
      return Promise.resolve({});
    });
    await runtime.disconnect();
    return inputs;
  }
}

function stateOf({ type, name, inputs }: MockResourceArgs): State {
  const random = type === "random:index/randomPassword:RandomPassword";
  const stash = { output: (inputs as State)["input"] };
  return {
    ...(inputs as State),
    ...stash,
    stdout: printed[name] ?? "",
    stderr: "",
    ...(random ? { result: name } : {}),
  };
}

function machinesOf(nodes: readonly K3sNode[]): Readonly<Record<string, MachineConnection>> {
  const machine = (name: string, address: string): MachineConnection => ({
    name,
    address,
    port: 22,
    user: "root",
    hostKey: `ssh-ed25519 ${name}`,
    machineId: `id-${name}`,
  });
  return Object.fromEntries(nodes.map(({ name, address }) => [name, machine(name, address)]));
}

const agent = (number: number): K3sNode => ({
  name: `agent-${String(number)}`,
  role: "agent",
  address: `10.0.21.${String(number + 10)}`,
  labels: { number: String(number) },
  taints: number % 3 === 0 ? [{ key: "odd", effect: "NoSchedule" }] : [],
});

/** A cluster, and which of its nodes comes or goes. */
const clusters = fc
  .record({
    servers: fc.constantFrom(1, 3, 5),
    agents: fc.integer({ min: 1, max: 8 }),
    lanes: fc.integer({ min: 1, max: 4 }),
    which: fc.nat(7),
    order: fc.boolean(),
  })
  .map(({ servers, agents, lanes, which, order }) => {
    const some = Array.from({ length: agents }, (_, index) => agent(index));
    const all = [
      ...Array.from({ length: servers }, (_, index) => serverNode(index + 1)),
      ...(order ? some : some.toReversed()),
    ];
    const one = agent(which % agents);
    const without = all.filter(({ name }) => name !== one.name);
    return { all, without, one, settings: settingsOf({ agentLanes: lanes }) };
  });

/** What one server does for the whole cluster, whoever it is. */
const onOneServer = ["c", "c-admission", "c-membership"];

function changedNames(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): readonly string[] {
  return [...before.keys()].filter((name) => after.has(name) && after.get(name) !== before.get(name)).sort();
}

describe("an agent", function () {
  this.timeout(120_000);

  for (const [what, first, then] of [
    ["comes", "without", "all"],
    ["goes", "all", "without"],
  ] as const) {
    it(`${what}, and changes no input of any other node's resources, in any cluster`, async () => {
      await fc.assert(
        fc.asyncProperty(clusters, async (cluster) => {
          const deployment = new Deployment();
          const before = await deployment.up(cluster[first], cluster.settings);
          const after = await deployment.up(cluster[then], cluster.settings);
          assert.deepEqual(changedNames(before, after), onOneServer);
          const others = [...before.keys(), ...after.keys()].filter((name) => before.has(name) !== after.has(name));
          for (const name of others) assert.ok(name.endsWith(`-${cluster.one.name}`), name);
        }),
        { numRuns: 8 },
      );
    });
  }
});
