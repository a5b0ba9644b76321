import type { Verb } from "../lib/command/declare.ts";
import { completed } from "./completed.ts";
import { command as completion } from "./completion.ts";

/** Every verb. */
export const verbs: readonly Verb[] = [...completed, completion];
