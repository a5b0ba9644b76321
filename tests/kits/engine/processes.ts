/** Ends a process and all that it started, at once. */
import { execFileSync } from "node:child_process";

/** The engine starts its plugins in groups of their own, so the family is found by parents, not by the group. */
export function endTree(pid: number | undefined): void {
  if (pid === undefined) return;
  const family = descendants(pid, parents());
  // The eldest first: none of the others then has anybody to tell what happened.
  for (const member of [pid, ...family]) {
    try {
      process.kill(member, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

function parents(): ReadonlyMap<number, readonly number[]> {
  const children = new Map<number, number[]>();
  for (const line of execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n")) {
    const [pid, parent] = line.trim().split(/\s+/).map(Number);
    if (pid === undefined || parent === undefined) continue;
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  return children;
}

function descendants(pid: number, children: ReadonlyMap<number, readonly number[]>): readonly number[] {
  const own = children.get(pid) ?? [];
  return own.flatMap((child) => [child, ...descendants(child, children)]);
}
