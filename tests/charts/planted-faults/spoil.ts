import assert from "node:assert/strict";
import type { ReleaseFacts } from "../../../cli/lib/charts/facts.ts";
import type { PodFacts } from "../../../cli/lib/charts/pods.ts";

/** What breaks which law: a fault in words, the release, the fault itself, and what is said of it. */
export type PlantedFault = readonly [
  fault: string,
  release: string,
  spoil: (facts: ReleaseFacts) => ReleaseFacts,
  said: RegExp,
];

/** One kind of pods of a release, changed. */
export const pods =
  (name: string, change: (pods: PodFacts) => PodFacts) =>
  (facts: ReleaseFacts): ReleaseFacts => {
    assert.ok(
      facts.pods.some((one) => one.name === name),
      `${facts.release} has ${name}`,
    );
    return { ...facts, pods: facts.pods.map((one) => (one.name === name ? change(one) : one)) };
  };

export const containers =
  (change: (container: PodFacts["containers"][number]) => PodFacts["containers"][number]) =>
  (one: PodFacts): PodFacts => ({ ...one, containers: one.containers.map(change) });
