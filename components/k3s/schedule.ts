const ranges = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 6],
] as const;

const named = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

/**
 * Whether k3s takes snapshots by this: five fields in cron's form, in numbers, or one of cron's names. It has to be
 * certain: by a schedule that k3s cannot read it takes none, and does not say so.
 */
export function isSchedule(text: string): boolean {
  if (named.includes(text)) return true;
  const fields = text.split(" ");
  return (
    fields.length === ranges.length &&
    ranges.every(([low, high], index) => fields[index]?.split(",").every((part) => isPart(part, low, high)))
  );
}

function isPart(part: string, low: number, high: number): boolean {
  const [, first, last, step] = /^(\*|\d{1,2})(?:-(\d{1,2}))?(?:\/(\d{1,2}))?$/.exec(part) ?? [];
  if (first === undefined || (first === "*" && last !== undefined)) return false;
  const from = first === "*" ? low : Number(first);
  const to = last === undefined ? from : Number(last);
  return low <= from && from <= to && to <= high && (step === undefined || Number(step) > 0);
}
