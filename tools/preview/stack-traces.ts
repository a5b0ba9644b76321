/**
 * Runs `work` with short stack traces, not mapped to source: the SDK takes one for each of a resource's promises and
 * formats it at once, which is a third of what registering costs.
 */
export async function shortStackTraces<T>(work: () => Promise<T>): Promise<T> {
  const { stackTraceLimit } = Error;
  const mapped = process.sourceMapsEnabled;
  Error.stackTraceLimit = 3;
  process.setSourceMapsEnabled(false);
  try {
    return await work();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    process.setSourceMapsEnabled(mapped);
  }
}
