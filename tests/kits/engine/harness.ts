/**
 * The real engine over simulated providers: `await Fleet.create({program})`, then `fleet.stack("site-a")`, then `preview`, `up`,
 * `destroy` … All stacks of a fleet share one backend and one simulated world, which `fleet.store` and `fleet.calls()` show.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { runPulumi, type Run } from "./cli.ts";
import { createWorkspace, type Workspace, type WorkspaceOptions } from "./workspace.ts";
import { CallLog, type LoggedCall } from "../providers/call-log.ts";
import type { Answer } from "../providers/executor.ts";
import type { Fault } from "../providers/faults.ts";
import { Store } from "../providers/store.ts";

export { needsPulumi, type Run } from "./cli.ts";
export { changed, type Step } from "./events.ts";
export { PASSPHRASE } from "./workspace.ts";
export type { LoggedCall } from "../providers/call-log.ts";
export type { Fault } from "../providers/faults.ts";

const RUN_MILLISECONDS = 300_000;
const POLL_MILLISECONDS = 20;

export type Kill = Omit<Fault, "id" | "do">;

export interface OperationOptions {
  /** Further arguments of the CLI. */
  readonly args?: readonly string[];
  readonly policyPack?: string;
  /** Dies as in a power cut while this call is under way. */
  readonly kill?: Kill;
  readonly env?: Readonly<Record<string, string>>;
}

export interface UpOptions extends OperationOptions {
  /** With its preview phase first, as a person runs it; without, it takes half the time. */
  readonly preview?: boolean;
}

export class Fleet {
  readonly store: Store;
  /** Every run of the CLI so far, with all that it said. */
  readonly runs: Run[] = [];
  readonly #workspace: Workspace;
  readonly #log: CallLog;
  #faults: readonly Fault[] = [];

  static create(options: WorkspaceOptions): Fleet {
    return new Fleet(createWorkspace(options));
  }

  private constructor(workspace: Workspace) {
    this.#workspace = workspace;
    this.store = new Store(workspace.world);
    this.#log = new CallLog(workspace.world);
  }

  /** The folder that the engine runs the program in: stack files here may be edited. */
  get program(): string {
    return this.#workspace.program;
  }

  /** What a command of the project's own needs, to find the same engine, backend and world. */
  get env(): Readonly<Record<string, string>> {
    return this.#workspace.env;
  }

  get backend(): string {
    return this.#workspace.backend;
  }

  stack(name: string): Stack {
    return new Stack(this, name);
  }

  /** Every call to a provider so far that matches. */
  calls(wanted: Partial<LoggedCall> = {}): readonly LoggedCall[] {
    const matches = (call: LoggedCall): boolean =>
      Object.entries(wanted).every(([key, value]) => call[key as keyof LoggedCall] === value);
    return this.#log.read().filter(matches);
  }

  /** Takes the place of all faults before; the counting of a fault begins when its `id` is new. */
  setFaults(faults: readonly Fault[]): void {
    this.#faults = faults;
    writeFileSync(this.#workspace.faults, JSON.stringify(faults));
  }

  /** What scripts answer on simulated hosts, before the built-in table is asked. */
  setAnswers(answers: readonly Answer[]): void {
    writeFileSync(this.#workspace.answers, JSON.stringify(answers));
  }

  /** Any command of the CLI; `kill` and `events` only for those that plan or change. */
  async pulumi(args: readonly string[], options: OperationOptions & { readonly events?: boolean } = {}): Promise<Run> {
    const { kill } = options;
    const fault = kill === undefined ? undefined : this.#hang(kill);
    const run = await runPulumi({
      args: [...args, ...(options.args ?? [])],
      cwd: this.#workspace.program,
      env: { ...this.#workspace.env, ...options.env },
      events: options.events ?? false,
      timeoutMilliseconds: RUN_MILLISECONDS,
      ...(fault === undefined ? {} : { killWhen: fault.reached }),
    });
    fault?.remove();
    this.runs.push(run);
    return run;
  }

  /** Every file of the backend, as text: states, histories, backups. */
  backendFiles(): ReadonlyMap<string, string> {
    const { backend } = this.#workspace;
    const files = readdirSync(backend, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const paths = files.map((entry) => join(entry.parentPath, entry.name));
    return new Map(paths.map((path) => [path, readFileSync(path, "utf8")]));
  }

  dispose(): void {
    rmSync(this.#workspace.root, { recursive: true, force: true });
  }

  #hang(kill: Kill): { readonly reached: (ended: AbortSignal) => Promise<void>; readonly remove: () => void } {
    const before = this.#faults;
    const seen = this.#hanging();
    this.setFaults([...before, { ...kill, id: `kill ${seen} ${JSON.stringify(kill)}`, do: "hang" }]);
    const reached = async (ended: AbortSignal): Promise<void> => {
      while (this.#hanging() === seen) {
        // It ended without the call: it is not this that ends it.
        if (ended.aborted) await new Promise<never>(() => undefined);
        await sleep(POLL_MILLISECONDS);
      }
    };
    return {
      reached,
      remove: () => {
        this.setFaults(before);
      },
    };
  }

  #hanging(): number {
    return this.calls().filter((call) => call.fault?.endsWith("hang") === true).length;
  }
}

export class Stack {
  readonly #fleet: Fleet;
  readonly name: string;

  constructor(fleet: Fleet, name: string) {
    this.#fleet = fleet;
    this.name = name;
  }

  async init(): Promise<void> {
    must(await this.#fleet.pulumi(["stack", "init", this.name, "--secrets-provider", "passphrase"]));
  }

  /** Keys are paths: `isthmus:site.nodes[0].memory`. */
  async configure(
    plain: Readonly<Record<string, string>>,
    secrets: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const pairs = (flag: string, values: Readonly<Record<string, string>>): string[] =>
      Object.entries(values).flatMap(([key, value]) => [flag, `${key}=${value}`]);
    const args = [
      "config",
      "set-all",
      "--path",
      "--stack",
      this.name,
      ...pairs("--plaintext", plain),
      ...pairs("--secret", secrets),
    ];
    must(await this.#fleet.pulumi(args));
  }

  async preview(options: OperationOptions = {}): Promise<Run> {
    return this.#operate(["preview"], options);
  }

  async up(options: UpOptions = {}): Promise<Run> {
    return this.#operate(["up", "--yes", ...(options.preview === true ? [] : ["--skip-preview"])], options);
  }

  async destroy(options: UpOptions = {}): Promise<Run> {
    return this.#operate(["destroy", "--yes", ...(options.preview === true ? [] : ["--skip-preview"])], options);
  }

  async refresh(options: OperationOptions = {}): Promise<Run> {
    return this.#operate(["refresh", "--yes", "--skip-preview"], options);
  }

  /** Gives back the lock that a killed run left. */
  async cancel(): Promise<Run> {
    return this.#fleet.pulumi(["cancel", "--yes", "--stack", this.name]);
  }

  async outputs(options: { readonly secrets?: boolean } = {}): Promise<Readonly<Record<string, unknown>>> {
    const args = [
      "stack",
      "output",
      "--json",
      "--stack",
      this.name,
      ...(options.secrets === true ? ["--show-secrets"] : []),
    ];
    return JSON.parse(must(await this.#fleet.pulumi(args)).stdout) as Readonly<Record<string, unknown>>;
  }

  /** The state as the backend has it, secrets encrypted; with `secrets`, decrypted. */
  async export(options: { readonly secrets?: boolean } = {}): Promise<State> {
    const args = ["stack", "export", "--stack", this.name, ...(options.secrets === true ? ["--show-secrets"] : [])];
    const { deployment } = JSON.parse(must(await this.#fleet.pulumi(args)).stdout) as {
      readonly deployment: Deployment;
    };
    return { resources: deployment.resources ?? [], pendingOperations: deployment.pending_operations ?? [] };
  }

  async #operate(args: readonly string[], options: OperationOptions): Promise<Run> {
    const policy = options.policyPack === undefined ? [] : ["--policy-pack", options.policyPack];
    return this.#fleet.pulumi([...args, "--stack", this.name, ...policy], { ...options, events: true });
  }
}

export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
  readonly parent?: string;
  readonly protect?: boolean;
  /** The provider's URN and id. */
  readonly provider?: string;
  readonly dependencies?: readonly string[];
  readonly propertyDependencies?: Readonly<Record<string, readonly string[] | null>>;
}

export interface State {
  readonly resources: readonly StateResource[];
  readonly pendingOperations: readonly { readonly type: string; readonly resource: StateResource }[];
}

interface Deployment {
  readonly resources?: State["resources"];
  readonly pending_operations?: State["pendingOperations"];
}

/** For `after(disposing(() => fleet))`: where `needsPulumi` skipped the tests, there is none. */
export function disposing(fleet: () => Fleet | undefined): () => void {
  return () => {
    fleet()?.dispose();
  };
}

/** The run, or an error with what it said. */
export function must(run: Run): Run {
  if (run.exitCode === 0) return run;
  throw new Error(`${run.command} ended with ${run.exitCode ?? "a signal"}:\n${run.stdout}\n${run.stderr}`);
}
