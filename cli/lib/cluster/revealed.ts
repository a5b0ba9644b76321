/** How the engine marks a secret in a state. */
const signature = "4dabf18193072939515e22adb298388d";

/** A value of a state that was exported with its secrets shown, as the program knew it. */
export function revealed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value !== "object" || value === null) return value;
  if (signature in value && "plaintext" in value) return revealed(JSON.parse(String(value.plaintext)));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, revealed(inner)]));
}
