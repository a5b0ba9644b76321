import { ofErrorsWithMessage } from "../../../program/lean-sdk.ts";

/**
 * Runs `work` with short stack traces, not mapped to source: the SDK takes one for each of a resource's promises and
 * formats it at once, which is a third of what registering costs. Its errors have no message, and get no trace at all.
 */
export async function shortStackTraces<T>(work: () => Promise<T>): Promise<T> {
  const traces: { prepareStackTrace?: ((error: Error, sites: NodeJS.CallSite[]) => unknown) | undefined } = Error;
  const { stackTraceLimit } = Error;
  const { prepareStackTrace } = traces;
  const mapped = process.sourceMapsEnabled;
  Error.stackTraceLimit = 3;
  process.setSourceMapsEnabled(false);
  traces.prepareStackTrace = ofErrorsWithMessage((error, sites) =>
    [String(error), ...sites.map(String)].join("\n    at "),
  );
  try {
    return await work();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    process.setSourceMapsEnabled(mapped);
    traces.prepareStackTrace = prepareStackTrace;
  }
}
