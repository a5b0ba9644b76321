/** An amount of memory or storage in binary units, as Kubernetes writes it. */
export type Bytes = `${number}Mi` | `${number}Gi` | `${number}Ti`;
/** An amount of CPU: thousandths of a core (`250m`) or whole cores (`2`). */
export type Cpu = `${number}m` | `${number}`;
/** A span of time: seconds, minutes, hours or days. */
export type Duration = `${number}s` | `${number}m` | `${number}h` | `${number}d`;

/** The shapes above as regular expressions, for schemas. */
export const quantityPattern = {
  bytes: /^(0|[1-9]\d*)(Mi|Gi|Ti)$/,
  cpu: /^(0|[1-9]\d*)m?$/,
  duration: /^[1-9]\d*(s|m|h|d)$/,
} as const;

const mebibytesOf = { Mi: 1, Gi: 1024, Ti: 1024 * 1024 } as const;
const secondsOf = { s: 1, m: 60, h: 3600, d: 86400 } as const;

/** Memory or storage in MiB. */
export function toMebibytes(quantity: Bytes): number {
  const unit = quantity.slice(-2) as keyof typeof mebibytesOf;
  return Number(quantity.slice(0, -2)) * mebibytesOf[unit];
}

/** CPU in thousandths of a core. */
export function toMillicores(quantity: Cpu): number {
  return quantity.endsWith("m") ? Number(quantity.slice(0, -1)) : Number(quantity) * 1000;
}

/** A span of time in seconds. */
export function toSeconds(duration: Duration): number {
  const unit = duration.slice(-1) as keyof typeof secondsOf;
  return Number(duration.slice(0, -1)) * secondsOf[unit];
}

/** MiB as people read them: `512 MiB`, `3.5 GiB`. */
export function formatMebibytes(mebibytes: number): string {
  return mebibytes < 1024 ? `${Math.round(mebibytes)} MiB` : `${Number((mebibytes / 1024).toFixed(1))} GiB`;
}

/** Thousandths of a core as people read them: `0.25`, `2`. */
export function formatMillicores(millicores: number): string {
  return String(Number((millicores / 1000).toFixed(2)));
}

/** Seconds as people read them: `45 s`, `6 min`, `2 h`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Number((seconds / 3600).toFixed(1))} h`;
  return `${Number((seconds / 86_400).toFixed(1))} d`;
}
