import { majorityOf, type Condition } from "@isthmus/core";

/** How many members of `total` a condition needs; a leader counts as one. */
export function membersNeeded(condition: Condition, total: number): number {
  switch (condition.kind) {
    case "any":
    case "primary":
      return 1;
    case "majority":
      return majorityOf(total);
    case "atLeast":
      return condition.members;
    case "all":
      return total;
    case "nothing":
      return 0;
  }
}

/** Whether `alive` members of `total` are enough; `leader`: whether one of them leads. A workload without members lacks none. */
export function holds(condition: Condition, alive: { members: number; leader: boolean }, total: number): boolean {
  if (total === 0) return true;
  if (condition.kind === "primary" && !alive.leader) return false;
  return alive.members >= membersNeeded(condition, total);
}

/** Whether the other places still have a majority when any one of them is lost. */
export function survivesAnyPlace(layout: readonly number[]): boolean {
  const total = layout.reduce((sum, voters) => sum + voters, 0);
  return layout.every((voters) => total - voters >= majorityOf(total));
}

/**
 * `layout` with one more place, a witness: what each place has now is evened out, and the witness has the one voter that
 * decides. `3+2` becomes `2+2+1`.
 */
export function withWitness(layout: readonly number[]): readonly number[] {
  const each = Math.max(1, Math.min(...layout));
  const evened = [...layout.map(() => each), 1];
  return survivesAnyPlace(evened) ? evened : [...layout.map(() => 1), 1];
}
