// Imported before anything that loads the SDK.
import { leaveOutClosures, leaveOutPositions, leaveOutTraces } from "./lean-sdk.ts";

leaveOutClosures();
leaveOutPositions();
leaveOutTraces();
