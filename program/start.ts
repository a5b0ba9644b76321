// Imported before anything that loads the SDK.
import { leaveOutClosures } from "./lean-sdk.ts";

leaveOutClosures();
