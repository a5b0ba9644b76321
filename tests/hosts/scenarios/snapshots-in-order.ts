/** When a snapshot was taken, in seconds since the epoch: the end of its name. */
const time = (name: string): number => Number(name.slice(name.lastIndexOf("-") + 1));

/** Puts names of snapshots in order, the oldest first. */
export const byTime = (a: string, b: string): number => time(a) - time(b);

/** Schedules: never in the time of a test, and often enough, where a minute takes two seconds. */
export const [seldom, often] = ["0 0 29 2 *", "*/2 * * * *"];
