/** The calls of Pulumi's ResourceProvider protocol, answered by one package's rules. */
import type { Method } from "./call-log.ts";
import {
  Refusal,
  type Checked,
  type Found,
  type Made,
  type PackageRules,
  type ResourceRules,
  type World,
} from "./contract.ts";
import { changes, type Change } from "./diff.ts";
import type { Faults } from "./faults.ts";
import { at, contains, reveal, revealAll, secret, UNKNOWN, type Properties, type Value } from "./values.ts";

export interface Target {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
}

export interface Diffed {
  readonly changes: readonly Change[];
  readonly replaces: readonly string[];
  readonly deleteBeforeReplace: boolean;
}

export interface ServiceOptions {
  readonly package: string;
  readonly rules: PackageRules;
  readonly faults: Faults;
  readonly world: Omit<World, "config">;
}

/** SDKs write a provider's flags as text, and providers read them so: `trueStr` in pulumi-kubernetes, provider/pkg/provider/provider.go. */
const flag = (value: Value): Value => (value === "true" ? true : value === "false" ? false : value);

export class Service {
  readonly #options: ServiceOptions;
  #config: Properties = {};
  #cancelled: (() => void)[] = [];

  constructor(options: ServiceOptions) {
    this.#options = options;
  }

  configure(config: Properties): void {
    this.#config = Object.fromEntries(Object.entries(revealAll(config)).map(([key, value]) => [key, flag(value)]));
    this.#options.rules.configure?.(this.#config);
  }

  diffConfig(
    before: Properties,
    after: Properties,
  ): { readonly changed: readonly string[]; readonly replaces: readonly string[] } {
    const changed = changes(before, after).map((change) => change.path);
    return this.#options.rules.diffConfig?.(before, after) ?? { changed, replaces: [] };
  }

  invoke(token: string, args: Properties): Properties {
    const known = this.#options.rules.invokes?.[token];
    if (known === undefined)
      throw new Refusal(`the simulated ${this.#options.package} provider has no function ${token}`);
    return known(revealAll(args), this.#world());
  }

  check(target: Target, before: Properties, inputs: Properties): Checked {
    const rules = this.#rules(target.type);
    const draft = { world: this.#world(), type: target.type, name: target.name, inputs, before };
    const checked = rules.check?.(draft) ?? { inputs, failures: [] };
    const missing = (rules.required ?? []).filter((path) => at(checked.inputs, path) === undefined);
    const failures = missing.map((path) => ({ property: path, reason: `Missing required property '${path}'` }));
    return { inputs: marked(rules, checked.inputs), failures: [...checked.failures, ...failures] };
  }

  diff(target: Target, before: Properties, after: Properties): Diffed {
    const rules = this.#rules(target.type);
    const found = changes(before, after);
    const call = { world: this.#world(), before: revealAll(before), after: revealAll(after) };
    const replacing = found.filter((change) => rules.update === undefined || rules.replaces?.(change, call) === true);
    return {
      changes: found,
      replaces: replacing.map((change) => change.path),
      deleteBeforeReplace: replacing.length > 0 && rules.deleteBeforeReplace?.(call) === true,
    };
  }

  /** What a create would give, as far as it is known: nothing is made. */
  previewCreate(target: Target, inputs: Properties): Properties {
    const rules = this.#rules(target.type);
    const unknown = Object.fromEntries((rules.computed ?? []).map((name) => [name, UNKNOWN]));
    return marked(rules, { ...unknown, ...inputs });
  }

  async create(target: Target, inputs: Properties): Promise<Made> {
    const rules = this.#rules(target.type);
    const call = { ...target, world: this.#world(), inputs: revealAll(inputs) };
    const made = await this.#faulted("create", target, (halfway) => rules.create({ ...call, halfway }));
    return { id: made.id, outputs: marked(rules, { ...inputs, ...keepSecret(inputs, made.outputs) }) };
  }

  previewUpdate(
    target: Target,
    inputs: Properties,
    before: { readonly inputs: Properties; readonly state: Properties },
  ): Properties {
    const rules = this.#rules(target.type);
    const unsettled = rules.unsettledBy?.(changes(before.inputs, inputs)) ?? [];
    const unknown = Object.fromEntries(unsettled.map((name) => [name, UNKNOWN]));
    return marked(rules, { ...keepComputed(rules, before.state), ...inputs, ...unknown });
  }

  async update(
    target: Target & { readonly id: string },
    inputs: Properties,
    before: { readonly inputs: Properties; readonly state: Properties },
  ): Promise<Properties> {
    const rules = this.#rules(target.type);
    const { update } = rules;
    if (update === undefined) throw new Refusal(`${target.type} cannot be updated`);
    const call = {
      ...target,
      world: this.#world(),
      inputs: revealAll(inputs),
      before: revealAll(before.inputs),
      state: revealAll(before.state),
    };
    const outputs = await this.#faulted("update", target, (halfway) => update({ ...call, halfway }));
    return marked(rules, { ...keepComputed(rules, before.state), ...inputs, ...keepSecret(inputs, outputs) });
  }

  async read(
    target: Target & { readonly id: string },
    state: Properties,
    inputs: Properties,
  ): Promise<Found | undefined> {
    const rules = this.#rules(target.type);
    const { read } = rules;
    if (read === undefined) return { id: target.id, inputs, outputs: state };
    const call = { ...target, world: this.#world(), inputs: revealAll(inputs), state: revealAll(state) };
    const found = await this.#faulted("read", target, () => read(call));
    if (found === undefined) return undefined;
    const outputs = marked(rules, { ...found.inputs, ...found.outputs });
    return { id: found.id, inputs: marked(rules, found.inputs), outputs };
  }

  async delete(target: Target & { readonly id: string }, state: Properties): Promise<void> {
    const rules = this.#rules(target.type);
    const call = { ...target, world: this.#world(), inputs: revealAll(state), state: revealAll(state) };
    await this.#faulted("delete", target, async (halfway) => rules.delete?.({ ...call, halfway }));
  }

  /** The engine was interrupted: what hangs ends. */
  cancel(): void {
    for (const end of this.#cancelled) end();
    this.#cancelled = [];
  }

  #world(): World {
    return { ...this.#options.world, config: this.#config };
  }

  #rules(type: string): ResourceRules {
    const rules = this.#options.rules.resource(type);
    if (rules === undefined)
      throw new Refusal(`the simulated ${this.#options.package} provider has no resource ${type}`);
    return rules;
  }

  async #faulted<T>(
    method: Method,
    target: Target,
    work: (halfway: () => Promise<void>) => T | Promise<T>,
  ): Promise<T> {
    const call = { package: this.#options.package, type: target.type, name: target.name, method };
    const fault = this.#options.faults.meet(call);
    const strike = async (): Promise<void> => {
      if (fault === undefined) return;
      const entry = { ...call, urn: target.urn, preview: false, milliseconds: 0, fault: `${fault.when} ${fault.do}` };
      this.#options.world.log.append(entry);
      if (fault.do === "die") process.kill(process.pid, "SIGKILL");
      if (fault.do === "hang") await new Promise<void>((end) => this.#cancelled.push(end));
      throw new Refusal(`simulated ${fault.do} ${fault.when} ${method} of ${target.name}`);
    };
    if (fault?.when === "before") await strike();
    const result = await work(async () => {
      if (fault?.when === "halfway") await strike();
    });
    if (fault?.when === "after") await strike();
    return result;
  }
}

/** An output of the same name as an input that holds a secret holds it too. */
function keepSecret(inputs: Properties, outputs: Properties): Properties {
  const kept = Object.entries(outputs).map(
    ([name, value]) => [name, contains(inputs[name], "secret") ? secret(reveal(value)) : value] as const,
  );
  return Object.fromEntries(kept);
}

/** Former outputs that are not inputs: an input that was removed must not live on. */
function keepComputed(rules: ResourceRules, state: Properties): Properties {
  const names = (rules.computed ?? []).filter((name) => state[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, state[name] ?? null]));
}

function marked(rules: ResourceRules, properties: Properties): Properties {
  const names = (rules.secrets ?? []).filter((name) => properties[name] !== undefined);
  const secrets = names.map((name) => {
    const value = properties[name] ?? null;
    return [name, contains(value, "secret") ? secret(reveal(value)) : secret(value)] as const;
  });
  return { ...properties, ...Object.fromEntries(secrets) };
}
