/** When a snapshot was taken, in seconds since the epoch: the end of its name. */
const takenAt = (name: string): number => Number(name.slice(name.lastIndexOf("-") + 1));

/** Snapshots that are gone although an older one was kept. Servers take theirs in the same second: which of those goes is not said. */
export function goneTooEarly(seen: ReadonlySet<string>, kept: readonly string[]): readonly string[] {
  const oldest = Math.min(...kept.map(takenAt));
  return [...seen].filter((name) => !kept.includes(name) && takenAt(name) > oldest);
}

/** Schedules: never in the time of a test, and often enough, where a minute takes two seconds. */
export const [seldom, often] = ["0 0 29 2 *", "*/2 * * * *"];
