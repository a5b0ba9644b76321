import { join } from "node:path";
import type { Service } from "@isthmus/core";
import { load, type Model } from "./load.ts";

/** The model of a valid fixture, for tests. */
export function sampleModel(fixture: string, catalogue: readonly Service[]): Model {
  const loaded = load(join(import.meta.dirname, "fixtures", "valid", fixture), catalogue);
  if ("findings" in loaded) throw new Error(`${fixture}: ${JSON.stringify(loaded.findings)}`);
  return loaded.model;
}
