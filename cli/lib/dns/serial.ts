/** Serials are compared by their distance (RFC 1982): in half of their room a larger number is a later one. */
const room = 2 ** 31;

/**
 * The serial of a zone with these lines. Where `before` is the zone file that it takes the place of: the same while the lines
 * are the same, else one more. Secondary name servers take over a zone only when its serial has grown.
 */
export function nextSerial(lines: readonly string[], before: string | undefined): number {
  const former = before === undefined ? undefined : serialOf(before);
  if (before === undefined || former === undefined) return hashed(lines);
  return sameLines(lines, before) ? former : (former % (room - 1)) + 1;
}

/** What a zone file of ours says of itself. */
export function serialOf(zone: string): number | undefined {
  const found = /\sSOA\s.*\( (\d+) /.exec(zone)?.[1];
  return found === undefined ? undefined : Number(found);
}

function sameLines(lines: readonly string[], before: string): boolean {
  const own = before.split("\n").filter((line) => /^\S+\.\t\d+\tIN\t/.test(line));
  return own.length === lines.length && own.every((line, index) => line === lines[index]);
}

/** A first serial that follows from the records: whoever renders them anew elsewhere gets the same file. */
function hashed(lines: readonly string[]): number {
  // FNV-1a, kept to a quarter of the room: a zone that begins anew elsewhere has a long way to grow.
  let hash = 0x811c9dc5;
  for (const character of lines.join("\n")) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193) >>> 0;
  return hash & 0x1fffffff || 1;
}
