import picocolors from "picocolors";

type Ink = ReturnType<typeof picocolors.createColors>;

/** How a text is set: how wide it may be, and in which colours. */
export interface Style {
  readonly columns: number;
  readonly ink: Ink;
}

/** What a stream tells of itself. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Where nobody says how wide a line may be. */
const columnsElsewhere = 100;
const narrowest = 40;

/**
 * Colours on a terminal only; NO_COLOR takes them away (https://no-color.org), FORCE_COLOR asks for them anywhere, or with 0 or
 * false nowhere (https://force-color.org, https://nodejs.org/docs/latest-v20.x/api/tty.html#writestreamgetcolordepthenv).
 */
export function styleOf({ isTTY = false, columns }: Output, env: Readonly<Record<string, string | undefined>>): Style {
  const width = isTTY && columns !== undefined && columns > 0 ? columns : columnsElsewhere;
  return { columns: Math.max(narrowest, width), ink: picocolors.createColors(isColoured(isTTY, env)) };
}

function isColoured(isTTY: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  const { FORCE_COLOR: force, NO_COLOR: no, TERM: terminal } = env;
  if (no !== undefined && no !== "") return false;
  if (force !== undefined) return !["0", "false"].includes(force);
  return isTTY && terminal !== "dumb";
}

/** What generated files hold. */
export const plain: Style = { columns: columnsElsewhere, ink: picocolors.createColors(false) };
