/** The common case: a thing with a place of its own, made, changed and deleted there. */
import { touches } from "./diff.ts";
import { Refusal, type Call, type ExistingCall, type Found, type Made, type ResourceRules } from "./contract.ts";
import { at, type Properties } from "./values.ts";

export interface ThingRules {
  readonly required?: readonly string[];
  readonly secrets?: readonly string[];
  readonly computed?: readonly string[];
  /** Paths whose change replaces; `*` stands for one element. */
  readonly replaceOn: readonly string[];
  /** The place: package first, then what separates two systems, then the kind and the name. */
  readonly key: (call: Call) => readonly string[];
  readonly id: (call: Call) => string;
  /** Default: the place. */
  readonly sameAs?: (call: Call) => string;
  readonly outputs?: (call: Call) => Properties;
  /** The real provider's words for a place that is taken, or `adopt` where it takes over what is there. */
  readonly taken: "adopt" | ((call: Call) => string);
  /** Throws a `Refusal` before anything is made or changed. */
  readonly before?: (call: Call) => void;
  /** Throws a `Refusal` where the real system would not delete. */
  readonly beforeDelete?: (call: ExistingCall) => void;
  /** The place that an import's identifier means. */
  readonly importKey?: (id: string, call: ExistingCall) => readonly string[];
}

/** The rules of a thing, with the parts that rules of one kind of thing use by themselves. */
export interface Thing extends ResourceRules, Pick<ThingRules, "before" | "id"> {
  readonly create: (call: Call) => Made;
}

export function thing(rules: ThingRules): Thing {
  return {
    id: rules.id,
    ...(rules.before === undefined ? {} : { before: rules.before }),
    required: rules.required ?? [],
    secrets: rules.secrets ?? [],
    computed: rules.computed ?? [],
    replaces: (change) => touches(change.path, rules.replaceOn),
    create: (call) => create(rules, call),
    update: (call) => {
      rules.before?.(call);
      const outputs = rules.outputs?.(call) ?? {};
      if (call.world.store.get(rules.key(call)) === undefined) throw new Refusal(`${call.id} does not exist any more`);
      write(rules, call, outputs);
      return outputs;
    },
    read: (call) => read(rules, call),
    delete: (call) => {
      rules.beforeDelete?.(call);
      call.world.store.remove(rules.key({ ...call, inputs: call.state }));
    },
  };
}

function create(rules: ThingRules, call: Call): Made {
  rules.before?.(call);
  const made = { id: rules.id(call), outputs: rules.outputs?.(call) ?? {} };
  if (rules.taken === "adopt") write(rules, call, made.outputs);
  else if (!call.world.store.add(record(rules, call, made.outputs))) throw new Refusal(rules.taken(call));
  return made;
}

function read(rules: ThingRules, call: ExistingCall): Found | undefined {
  const importing = Object.keys(call.state).length === 0;
  if (importing && rules.importKey === undefined) throw new Refusal(`${call.type} cannot be imported`);
  const key = importing ? rules.importKey?.(call.id, call) : rules.key({ ...call, inputs: call.state });
  const found = key === undefined ? undefined : call.world.store.get(key);
  if (found === undefined) return undefined;
  const { inputs, outputs } = found.state as { inputs: Properties; outputs: Properties };
  return { id: importing ? rules.id({ ...call, inputs }) : call.id, inputs, outputs };
}

function write(rules: ThingRules, call: Call, outputs: Properties): void {
  call.world.store.put(record(rules, call, outputs));
}

function record(rules: ThingRules, call: Call, outputs: Properties): Parameters<Call["world"]["store"]["put"]>[0] {
  const key = rules.key(call);
  const sameAs = rules.sameAs?.(call) ?? key.join("/");
  return { key, sameAs, urn: call.urn, state: { inputs: call.inputs, outputs } };
}

/** The text at a path that `required` or the provider's settings already promise. */
export function text(properties: Properties, path: string): string {
  const value = at(properties, path);
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new Refusal(`${path} has no value`);
}
