/** Fills a simulated world with what a state says exists, by the rules of the simulated providers of today. */
import { revealedThroughout } from "@isthmus/core";
import { CallLog } from "../../kits/providers/call-log.ts";
import type { PackageRules } from "../../kits/providers/contract.ts";
import { Store } from "../../kits/providers/store.ts";
import { isObject, type Properties, type Value } from "../../kits/providers/values.ts";
import { answerWebhook } from "../../kits/providers/rules/kubernetes-webhooks.ts";
import { rules as kubernetes } from "../../kits/providers/rules/kubernetes.ts";
import { rules as proxmoxve } from "../../kits/providers/rules/proxmoxve.ts";
import type { StateResource } from "../../kits/engine/harness.ts";

/** Packages whose resources are things in the world; the others make values and runs, which are in the state alone. */
const packages: Readonly<Record<string, PackageRules>> = { kubernetes, proxmoxve };

export const isThing = ({ type }: StateResource): boolean => packages[type.split(":")[0] ?? ""] !== undefined;

/** `world`: the folder of a fleet's store. In the order of the state, in which nothing comes before what it needs. */
export async function seedWorld(world: string, resources: readonly StateResource[]): Promise<void> {
  const [store, log] = [new Store(world), new CallLog(world)];
  const executor = { run: () => Promise.reject(new Error("nothing runs here")), copy: () => Promise.resolve() };
  const configs = new Map(resources.map((one) => [`${one.urn}::${one.id ?? ""}`, providerConfig(one)]));
  for (const { urn, type, inputs, provider = "" } of resources) {
    const rules = packages[type.split(":")[0] ?? ""]?.resource(type);
    if (rules === undefined) continue;
    const world = { store, log, executor, config: configs.get(provider) ?? {} };
    const call = { urn, type, name: urn.slice(urn.lastIndexOf("::") + 2), inputs: tidy(plain(inputs)) };
    await rules.create({ ...call, world });
    // What had been up for long answers.
    if (type.endsWith(":Release") && typeof call.inputs["name"] === "string")
      answerWebhook({ urn, world }, call.inputs["name"]);
  }
}

/** A provider's settings stand in the state as texts: `"true"` for true. */
function providerConfig({ type, inputs }: StateResource): Properties {
  if (!type.startsWith("pulumi:providers:")) return {};
  const flag = (value: Value): Value => (value === "true" ? true : value === "false" ? false : value);
  return Object.fromEntries(Object.entries(plain(inputs)).map(([key, value]) => [key, flag(value)]));
}

/** Of Secrets, the world before had no rule of whitespace: what stands in it is as if it had. */
function tidy(inputs: Properties): Properties {
  const { stringData } = inputs;
  if (!isObject(stringData)) return inputs;
  const trimmed = Object.entries(stringData).map(([key, value]) => [
    key,
    typeof value === "string" ? value.trim() : value,
  ]);
  return { ...inputs, stringData: Object.fromEntries(trimmed) as Properties };
}

const plain = (inputs: StateResource["inputs"]): Properties => revealedThroughout(inputs ?? {}) as Properties;
