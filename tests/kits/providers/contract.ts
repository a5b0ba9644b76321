/** What a package's rules consist of, and what they may use. */
import type { CallLog } from "./call-log.ts";
import type { Change } from "./diff.ts";
import type { Executor } from "./executor.ts";
import type { Store } from "./store.ts";
import type { Properties } from "./values.ts";

/** A refusal in the words of the real provider. */
export class Refusal extends Error {}

/** Everything outside of one call. */
export interface World {
  readonly store: Store;
  readonly executor: Executor;
  readonly log: CallLog;
  /** The provider's own settings, secrets in plain. */
  readonly config: Properties;
}

export interface Call {
  readonly world: World;
  readonly urn: string;
  readonly type: string;
  /** The resource's name in the program. */
  readonly name: string;
  /** Checked inputs, secrets in plain. */
  readonly inputs: Properties;
  /** Where what takes steps is half done: a fault may strike here. Absent in calls that make nothing. */
  readonly halfway?: () => Promise<void>;
}

export interface ExistingCall extends Call {
  readonly id: string;
  /** The outputs of the last create or update, secrets in plain. */
  readonly state: Properties;
}

export interface UpdateCall extends ExistingCall {
  readonly before: Properties;
}

export interface Failure {
  readonly property: string;
  readonly reason: string;
}

/** What a check is given: inputs with their secret and unknown marks. */
export interface Draft {
  readonly world: World;
  readonly type: string;
  readonly name: string;
  readonly inputs: Properties;
  /** The inputs in the state, empty for a new resource. */
  readonly before: Properties;
}

export interface Checked {
  readonly inputs: Properties;
  readonly failures: readonly Failure[];
}

/** An identifier, and the outputs beyond the inputs. */
export interface Made {
  readonly id: string;
  readonly outputs: Properties;
}

export interface Found extends Made {
  /** What the inputs would be, were it declared: an import starts from these. */
  readonly inputs: Properties;
}

export interface DiffCall {
  readonly world: World;
  readonly before: Properties;
  readonly after: Properties;
}

/** One resource type. The service adds the inputs to the outputs, and all the marks. */
export interface ResourceRules {
  /** Dotted paths that must have a value. */
  readonly required?: readonly string[];
  /** Names of properties that are secret, whatever the program says. */
  readonly secrets?: readonly string[];
  /** Outputs that nobody knows before the thing is made. */
  readonly computed?: readonly string[];
  /** Outputs that an update with these changes makes unknown in preview. */
  readonly unsettledBy?: (changes: readonly Change[]) => readonly string[];
  readonly check?: (draft: Draft) => Checked;
  readonly replaces?: (change: Change, call: DiffCall) => boolean;
  readonly deleteBeforeReplace?: (call: DiffCall) => boolean;
  readonly create: (call: Call) => Made | Promise<Made>;
  /** Without it, every change replaces. The result is laid over the former outputs. */
  readonly update?: (call: UpdateCall) => Properties | Promise<Properties>;
  /** Undefined: it is gone. `state` is empty in an import. Without it, the state is believed. */
  readonly read?: (call: ExistingCall) => Found | undefined;
  readonly delete?: (call: ExistingCall) => void | Promise<void>;
}

export interface ProviderDiff {
  readonly changed: readonly string[];
  readonly replaces: readonly string[];
}

export interface PackageRules {
  /** Undefined: there is no such type. */
  readonly resource: (type: string) => ResourceRules | undefined;
  readonly invokes?: Readonly<Record<string, (args: Properties, world: World) => Properties>>;
  /** Throws a `Refusal` where the real provider could not start with these settings. */
  readonly configure?: (config: Properties) => void;
  /** Default: any change is taken over without replacing the provider. Marks are still on. */
  readonly diffConfig?: (before: Properties, after: Properties) => ProviderDiff;
}
