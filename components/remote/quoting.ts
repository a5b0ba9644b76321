/** What a script can be told: text, a number, a switch, or a list of texts (a bash array). Nothing secret. */
export type Parameter = string | number | boolean | readonly string[];
export type Parameters = Readonly<Record<string, Parameter>>;

/** A name that a shell variable of ours may have. Upper case, so that it never meets one of a script's own. */
const variableName = /^[A-Z][A-Z0-9_]*$/;

/** What no shell reads anything into, also after `NAME=`. Without quotes it can be read inside of other quotes. */
const plainWord = /^[A-Za-z0-9_./:,%@+-]+$/;

/** `value` as one word of POSIX shell, whatever is in it but NUL, which no shell can hold. */
export function shellWord(value: string): string {
  if (plainWord.test(value)) return value;
  if (value.includes("\0")) throw new RangeError("a shell word cannot hold a NUL character");
  return `'${value.replaceAll("'", `'\\''`)}'`;
}

/** Parameters as bash assignments, one a line, in the order of their names: the same input gives the same text. */
export function assignments(parameters: Parameters): string {
  return Object.keys(parameters)
    .sort()
    .map((name) => `${checkedName(name)}=${assigned(parameters[name] ?? "")}\n`)
    .join("");
}

export function checkedName(name: string): string {
  if (!variableName.test(name)) throw new RangeError(`"${name}" is no name for a parameter: use A-Z, 0-9 and _`);
  return name;
}

function assigned(value: Parameter): string {
  if (typeof value === "object") return `(${value.map(shellWord).join(" ")})`;
  return shellWord(String(value));
}
