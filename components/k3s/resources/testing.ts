import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { MachineConnection } from "@isthmus/core";
import { runtime, secret, type ResourceTransformation } from "@pulumi/pulumi";
import type { K3sClusterArgs } from "./arguments.ts";
import type { K3sCluster } from "./cluster.ts";
import type { K3sNode } from "../plan/node.ts";
import { rosterOf } from "../plan/roster.ts";
import { settingsOf, sixNodes } from "../testing.ts";

export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** When its creation began and ended, in steps. */
  readonly began: number;
  ended: number;
}

export interface Secret {
  readonly value: string;
}

export const canary = "canary-secret";
/** What `admission.sh` prints: a word, and the fingerprint of a cluster that has begun. */
let admitted = "word\n";
export function admit(printed: string): void {
  admitted = printed;
}
const answers = (): Readonly<Record<string, string>> => ({
  "site-a-admission": admitted,
  "site-a-server-1": "K10abc\n",
});

/** Registers a cluster; every creation takes a while, so that what does not wait for another one overlaps with it. */
export async function register(changes: Partial<K3sClusterArgs> = {}, nodes: readonly K3sNode[] = sixNodes) {
  const seen: Registered[] = [];
  const shielded: string[] = [];
  const noteProtection: ResourceTransformation = ({ name, opts }) => {
    if (opts.protect === true) shielded.push(name);
    return undefined;
  };
  let step = 0;
  await runtime.setMocks({
    newResource: async ({ type, name, inputs }) => {
      const one: Registered = { type, name, inputs: inputs as Record<string, unknown>, began: step++, ended: 0 };
      seen.push(one);
      await sleep(2);
      one.ended = step++;
      return {
        id: `${name}-id`,
        state: { ...inputs, ...stateOf(type, name, inputs as Inputs) } as Record<string, unknown>,
      };
    },
    call: ({ token }) => {
      throw new Error(`unexpected call of ${token}`);
    },
  });
  const { K3sCluster } = await import("./cluster.ts");
  let cluster: K3sCluster | undefined;
  await runtime.runInPulumiStack(() => {
    cluster = new K3sCluster("site-a", { ...argsOf(nodes), ...changes }, { transformations: [noteProtection] });
    return Promise.resolve({});
  });
  await runtime.disconnect();
  assert.ok(cluster);
  return { cluster, all: seen.filter(({ type }) => type !== "pulumi:pulumi:Stack"), shielded: shielded.sort() };
}

type Inputs = Readonly<Record<string, unknown>>;

function stateOf(type: string, name: string, inputs: Inputs): Record<string, unknown> {
  // What the state has kept since the cluster began.
  if (/-(fingerprint|authority)$/.test(name)) return { output: inputs["input"] };
  if (type === "pulumi:index:Stash") return { output: rosterOf(sixNodes.slice(0, 5)) };
  if (type === "random:index/randomPassword:RandomPassword") return { result: `${canary}-${name}` };
  return { stdout: answers()[name] ?? "", stderr: "" };
}

function argsOf(nodes: readonly K3sNode[]): K3sClusterArgs {
  const machines = nodes.map(({ name, address }): [string, MachineConnection] => [
    name,
    { name, address, port: 22, user: "root", hostKey: `ssh-ed25519 KEY-${name}`, machineId: `vm-${name}` },
  ]);
  const privateKey = secret(`${canary}-private-key`);
  return { name: "site-a", nodes, settings: settingsOf(), machines: Object.fromEntries(machines), privateKey };
}

export const named = (all: readonly Registered[], name: string): Registered => {
  const found = all.find((one) => one.name === name);
  assert.ok(found, `${name} among ${all.map((one) => one.name).join(", ")}`);
  return found;
};

/** The command line that a host gets. */
export const commandOf = ({ inputs }: Registered): string =>
  (inputs["environment"] as { ISTHMUS_COMMAND: string }).ISTHMUS_COMMAND;
