/** Least and greatest number of each field, and names that stand for some. */
const fields = {
  second: [0, 59, []],
  minute: [0, 59, []],
  hour: [0, 23, []],
  day: [1, 31, []],
  month: [1, 12, "jan feb mar apr may jun jul aug sep oct nov dec".split(" ")],
  weekday: [0, 6, "sun mon tue wed thu fri sat".split(" ")],
} as const satisfies Readonly<Record<string, readonly [number, number, readonly string[]]>>;

const descriptor =
  /^@(yearly|annually|monthly|weekly|daily|midnight|hourly|every \d+(\.\d+)?(ns|us|µs|ms|s|m|h)([\d.]+(ns|us|µs|ms|s|m|h))*)$/;

/**
 * Whether robfig's cron takes a schedule: of five fields (ParseStandard), or with seconds before them (Parse, where the last may
 * be left out). https://github.com/robfig/cron/blob/v3.0.1/parser.go
 */
export function isCron(schedule: string, { seconds }: { readonly seconds: boolean }): boolean {
  if (descriptor.test(schedule)) return true;
  const all = Object.values(fields);
  const wanted = seconds ? all : all.slice(1);
  const parts = schedule.trim().split(/\s+/);
  const enough = parts.length === wanted.length || (seconds && parts.length === wanted.length - 1);
  return enough && parts.every((part, index) => isField(part, wanted[index]));
}

function isField(part: string, field: (typeof fields)[keyof typeof fields] | undefined): boolean {
  if (field === undefined) return false;
  const [least, most, names] = field;
  const number = (text: string): number => {
    const named = (names as readonly string[]).indexOf(text.toLowerCase());
    return named < 0 ? (/^\d+$/.test(text) ? Number(text) : NaN) : named + (least === 1 ? 1 : 0);
  };
  return part.split(",").every((one) => {
    const [range = "", step = "1", ...rest] = one.split("/");
    if (rest.length > 0 || !/^[1-9]\d*$/.test(step)) return false;
    if (range === "*" || range === "?") return true;
    const [first = "", last = first, ...more] = range.split("-");
    const [from, to] = [number(first), number(last)];
    return more.length === 0 && least <= from && from <= to && to <= most;
  });
}
