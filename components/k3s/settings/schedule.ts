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

const meaning: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

const dayMinutes = 24 * 60;
/** Every day of the year, leap or not, has fallen on every day of the week by then: the calendar of our time repeats after 28 years. */
const observedDays = 28 * 366;

/**
 * The longest time between two snapshots of a schedule, in minutes, by the rules of what k3s reads it with
 * (https://github.com/robfig/cron/blob/v3.0.1/parser.go and spec.go). Undefined where there never is one, as on 30 February.
 */
export function longestPause(schedule: string): number | undefined {
  const fields = (meaning[schedule] ?? schedule).split(" ");
  const [minutes = [], hours = [], days = [], months = [], weekdays = []] = ranges.map(([low, high], index) =>
    numbersOf(fields[index] ?? "", low, high),
  );
  const times = hours.flatMap((hour) => minutes.map((minute) => hour * 60 + minute)).sort((a, b) => a - b);
  const [first] = times;
  const last = times.at(-1);
  // Only what begins with a star and has no step, or one of 1, leaves a day's other field to decide alone.
  const either = !isStar(fields[2]) && !isStar(fields[4]);
  const everyDay = days.length === 31 && months.length === 12 && weekdays.length === 7;
  const between = everyDay ? 1 : longestStep(dueDays({ days, months, weekdays, either }));
  if (first === undefined || last === undefined || between === undefined) return undefined;
  return Math.max(longestStep(times) ?? 0, between * dayMinutes + first - last);
}

interface Days {
  readonly days: readonly number[];
  readonly months: readonly number[];
  readonly weekdays: readonly number[];
  /** Whether a day that one of both names is enough. */
  readonly either: boolean;
}

function dueDays({ days, months, weekdays, either }: Days): readonly number[] {
  const isDue = (date: Date): boolean => {
    const [day, weekday] = [days.includes(date.getUTCDate()), weekdays.includes(date.getUTCDay())];
    return months.includes(date.getUTCMonth() + 1) && (either ? day || weekday : day && weekday);
  };
  const all = Array.from({ length: observedDays }, (_, index) => index);
  return all.filter((index) => isDue(new Date(Date.UTC(2001, 0, 1 + index))));
}

/** For the clocks of two servers, a change to summer time, and the taking itself. */
const margin = 60;

/**
 * How old the newest snapshot of a server may be, in minutes: two pauses, for one snapshot may fail and a second one is no accident. Infinite
 * where none ever comes.
 */
export function oldestSnapshot(schedule: string): number {
  return 2 * (longestPause(schedule) ?? Infinity) + margin;
}

/** Undefined where there is none; of a single one, nothing. */
function longestStep(ascending: readonly number[]): number | undefined {
  let longest = ascending.length === 0 ? undefined : 0;
  for (const [index, value] of ascending.entries())
    longest = Math.max(longest ?? 0, value - (ascending[index - 1] ?? value));
  return longest;
}

const isStar = (field = ""): boolean => field.split(",").some((part) => part === "*" || part === "*/1");

function numbersOf(field: string, low: number, high: number): readonly number[] {
  const numbers = Array.from({ length: high - low + 1 }, (_, index) => low + index);
  const parts = field.split(",").map((part) => {
    const [, first = "*", last, step] = /^(\*|\d+)(?:-(\d+))?(?:\/(\d+))?$/.exec(part) ?? [];
    const from = first === "*" ? low : Number(first);
    // `N/step` goes to the end.
    const to = last !== undefined ? Number(last) : first === "*" || step !== undefined ? high : from;
    return (number: number): boolean => number >= from && number <= to && (number - from) % Number(step ?? 1) === 0;
  });
  return numbers.filter((number) => parts.some((within) => within(number)));
}
