// Imported before anything that loads the SDK.
import { leaveOutClosures, leaveOutPositions } from "./lean-sdk.ts";

leaveOutClosures();
leaveOutPositions();
// The SDK takes a trace for every promise of a resource, and maps it to sources: a tenth of a run that changes nothing.
// Whoever asks Node.js for more frames than its own ten gets them: NODE_OPTIONS=--stack-trace-limit=50.
if (Error.stackTraceLimit === 10) Error.stackTraceLimit = 3;
