import Module, { createRequire } from "node:module";

/**
 * Packages that Pulumi's SDK loads to turn functions into text for the engine. No program of ours hands over a function,
 * and loading them takes a quarter of a preview's time, and half of what a run without a change takes beyond the engine's.
 */
const onlyForClosures = ["typescript", "@npmcli/arborist"];

/** Puts empty packages in their places, before the SDK is loaded. Whoever uses one all the same is told by name. */
export function leaveOutClosures(): void {
  const require = createRequire(import.meta.url);
  const fromSdk = createRequire(require.resolve("@pulumi/pulumi"));
  for (const name of onlyForClosures) {
    const path = fromSdk.resolve(name);
    if (fromSdk.cache[path] !== undefined) continue;
    const placeholder = new Module(path);
    placeholder.exports = empty(name);
    placeholder.loaded = true;
    fromSdk.cache[path] = placeholder;
  }
}

/**
 * With each resource the SDK tells the engine the whole stack from where it was registered, every frame mapped to its source:
 * a tenth of the program's time, for positions that nobody reads here. Errors keep theirs.
 */
export function leaveOutPositions(): void {
  const { Resource } = createRequire(import.meta.url)("@pulumi/pulumi/resource.js") as {
    Resource: { callsites: () => readonly object[] };
  };
  Resource.callsites = () => [];
}

/**
 * The SDK takes a trace for every promise of a resource, and what maps traces to sources reads and walks the maps of the SDK
 * for it: a tenth of a run that changes nothing. Those have no message; an error that has one keeps its whole trace.
 */
export function leaveOutTraces(): void {
  const traces: { prepareStackTrace?: Format } = Error;
  const mapped = traces.prepareStackTrace;
  if (mapped === undefined) return;
  traces.prepareStackTrace = ofErrorsWithMessage(mapped);
}

type Format = (error: Error, sites: NodeJS.CallSite[]) => unknown;

/** Formats the traces of errors that somebody may read, and no others. */
export const ofErrorsWithMessage =
  (format: Format): Format =>
  (error, sites) =>
    error.message === "" ? "" : format(error, sites);

function empty(name: string): object {
  return new Proxy(
    {},
    {
      get: (_target, key) => {
        if (typeof key === "symbol" || key === "__esModule" || key === "default") return undefined;
        throw new Error(`Isthmus leaves out ${name}, and something in the program needs its ${key}`);
      },
    },
  );
}
