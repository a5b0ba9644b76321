/**
 * How Pulumi writes values that are more than JSON, on the wire and in a state.
 * https://pulumi-developer-docs.readthedocs.io/latest/docs/references/properties.html
 */
const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

/** The mark of an unknown value of a type that the program did not say; an unknown text has it, too. */
export const unknownMark = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
/** One for each type that an unknown value may have: string, bool, number, array, asset, archive, object. */
const unknownMarks: ReadonlySet<unknown> = new Set([
  unknownMark,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

type Marked = Readonly<Record<string, unknown>>;

/** Whether a value is one that only the deployment will know. */
export function isUnknown(value: unknown): boolean {
  return unknownMarks.has(value);
}

/** Whether a value carries the mark of a secret. */
export function isSecret(value: unknown): value is Marked {
  return typeof value === "object" && value !== null && (value as Marked)[signatureKey] === secretSignature;
}

/** A value under the mark of a secret: what `pulumi.secret` comes to. */
export function markSecret(value: unknown): Marked {
  return { [signatureKey]: secretSignature, value };
}

/** The value under a secret's mark, also as `pulumi stack export --show-secrets` has it; an encrypted one is unknown. */
export function revealed(value: unknown): unknown {
  if (!isSecret(value)) return value;
  if ("value" in value) return revealed(value["value"]);
  return typeof value["plaintext"] === "string" ? fromJson(value["plaintext"]) : unknownMark;
}

/** A value with every secret in it revealed, at any depth. */
export function revealedThroughout(value: unknown): unknown {
  const shown = revealed(value);
  if (Array.isArray(shown)) return shown.map(revealedThroughout);
  if (typeof shown !== "object" || shown === null) return shown;
  return Object.fromEntries(Object.entries(shown).map(([key, inner]) => [key, revealedThroughout(inner)]));
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
