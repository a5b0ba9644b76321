/** When a snapshot was taken, in seconds since the epoch: the end of its name. */
const time = (name: string): number => Number(name.slice(name.lastIndexOf("-") + 1));

/** Puts names of snapshots in order, the oldest first. */
export const byTime = (a: string, b: string): number => time(a) - time(b);
