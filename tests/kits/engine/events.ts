/** What the engine says of a run, from its event log: one JSON object a line. */
import type { EngineEvent, StepEventMetadata } from "@pulumi/pulumi/automation/events.js";

export interface Step {
  /** `same`, `create`, `update`, `delete`, `replace`, `create-replacement`, `delete-replaced`, `read` … */
  readonly op: string;
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  /** The paths that differ; a path that replaces ends in `!`. */
  readonly diffs: readonly string[];
}

export interface PolicyMessage {
  readonly policy: string;
  readonly level: string;
  readonly message: string;
  readonly urn: string | undefined;
}

export interface Events {
  /** What a preview would do, or the preview phase that ended an update: an update that goes on writes its log anew. */
  readonly planned: readonly Step[];
  /** What was done. */
  readonly done: readonly Step[];
  readonly policies: readonly PolicyMessage[];
  /** Errors and warnings, as a person sees them. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  /**
   * The log itself, to look for what must not be in it, without the engine's debug messages: those quote every output that
   * the Node.js runtime is told of, secrets in plain. An event log is never to be kept or published.
   */
  readonly eventLog: string;
}

/** That the providers are the simulated ones, the harness knows. */
const FROM_PATH = /^using pulumi-resource-\S+ from \$PATH/;

export function parseEvents(log: string): Events {
  const lines = log.split("\n").filter((line) => line.trim() !== "");
  // A run that was killed may leave half a line at the end.
  const events = lines.flatMap((line, index) => parseLine(line, index === lines.length - 1));
  const diagnostics = (severity: string): readonly string[] =>
    events.flatMap((event) =>
      event.diagnosticEvent?.severity === severity ? [event.diagnosticEvent.message.trim()] : [],
    );
  return {
    planned: events.flatMap((event) =>
      event.resourcePreEvent?.planning === true ? [step(event.resourcePreEvent.metadata)] : [],
    ),
    done: events.flatMap((event) => {
      const ended = event.resOutputsEvent;
      return ended === undefined || ended.planning === true ? [] : [step(ended.metadata)];
    }),
    policies: events.flatMap((event) => policyMessage(event)),
    errors: diagnostics("error"),
    warnings: diagnostics("warning").filter((message) => !FROM_PATH.test(message)),
    eventLog: events
      .filter((event) => (event.diagnosticEvent?.severity as string | undefined) !== "debug")
      .map((event) => JSON.stringify(event))
      .join("\n"),
  };
}

/** The steps that are not `same`, without the stack itself. */
export function changed(steps: readonly Step[]): readonly Step[] {
  return steps.filter((one) => one.op !== "same" && one.type !== "pulumi:pulumi:Stack");
}

function parseLine(line: string, last: boolean): readonly EngineEvent[] {
  try {
    return [JSON.parse(line) as EngineEvent];
  } catch (error) {
    if (last) return [];
    throw error;
  }
}

function step(metadata: StepEventMetadata): Step {
  const detailed = Object.entries(metadata.detailedDiff ?? {});
  const diffs = detailed.map(([path, { diffKind }]) => (diffKind.endsWith("replace") ? `${path}!` : path));
  const { op, urn, type } = metadata;
  return {
    op,
    urn,
    type,
    name: urn.split("::").slice(3).join("::"),
    diffs: diffs.length > 0 ? diffs : (metadata.diffs ?? []),
  };
}

function policyMessage(event: EngineEvent): readonly PolicyMessage[] {
  const found = event.policyEvent;
  if (found === undefined) return [];
  const { policyName, enforcementLevel, message, resourceUrn } = found;
  return [{ policy: policyName, level: enforcementLevel, message, urn: resourceUrn }];
}
