/** What an argument or an option takes, as plain data; `Value` is what the command is given. */
export interface Option<Value> {
  readonly summary: string;
  /** What stands for the value in the usage, such as `folder`. Absent: a switch, which takes none. */
  readonly takes?: string;
  /** It may be given several times, or several values with commas between them. */
  readonly several?: true;
  readonly required?: true;
  /** What is taken where it is left out; as data, for the help. */
  readonly preset?: Value;
  /** Where the preset is not the same everywhere: what gives it, and what it is in words. */
  readonly fallback?: { readonly text: string; readonly value: () => Value };
  /** The only values. */
  readonly choices?: readonly string[];
  /** What a shell offers for it. */
  readonly completes?: "sites" | "folders" | "files";
  /** Makes the value of what was typed. Throws an `Error` whose message says what is wrong with it. */
  readonly read?: (text: string) => unknown;
  /** Never there: holds the type. */
  readonly value?: Value;
}

/** Those of a command, by name; `dryRun` is typed as `--dry-run`. */
export type Options = Readonly<Record<string, Option<unknown>>>;

/** What a command with these is given. */
export type Values<Declared extends Options> = {
  readonly [Name in keyof Declared]: Declared[Name] extends Option<infer Value> ? Value : never;
};

type Details<Value> = Omit<Option<Value>, "summary" | "takes" | "read" | "value">;

/** A switch: there or not. */
export const flag = (summary: string): Option<boolean> => ({ summary });

export const text = (takes: string, summary: string, more: Details<string> = {}): Option<string | undefined> => ({
  takes,
  summary,
  ...more,
});

export const oneOf = <Choice extends string>(
  takes: string,
  summary: string,
  choices: readonly Choice[],
): Option<Choice | undefined> => ({ takes, summary, choices });

/** A whole number, not below `least`. */
export const wholeNumber = (takes: string, summary: string, least = 0): Option<number | undefined> => ({
  takes,
  summary,
  read: (typed) => {
    if (/^\d+$/.test(typed) && Number(typed) >= least) return Number(typed);
    throw new Error(`It has to be a whole number from ${String(least)} on.`);
  },
});

/** A value that `read` makes of what was typed; it throws an `Error` that says what is wrong. */
export const readAs = <Value>(
  takes: string,
  summary: string,
  read: (typed: string) => Value,
): Option<Value | undefined> => ({ takes, summary, read });

/** The same, and it has to be given. */
export const required = <Value>(option: Option<Value | undefined>): Option<Value> =>
  ({ ...option, required: true }) as Option<Value>;

/** The same, with what is taken where it is left out. */
export const preset = <Value>(option: Option<Value | undefined>, value: Value): Option<Value> =>
  ({ ...option, preset: value }) as Option<Value>;

/** The same, any number of times. */
export const several = <Value>(option: Option<Value | undefined>): Option<readonly Value[]> =>
  ({ ...option, several: true }) as Option<readonly Value[]>;
