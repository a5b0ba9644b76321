import { unknownMark } from "@isthmus/core";

/**
 * A plain copy of what `@pulumi/policy` hands to a rule: it wraps properties so that reading one that is not known yet
 * throws. The copy has Pulumi's mark there instead. Nothing else can throw, for what is wrapped is plain JSON.
 */
export function toPlain(wrapped: unknown): unknown {
  if (typeof wrapped !== "object" || wrapped === null) return wrapped;
  const read = (key: string): unknown => {
    try {
      return toPlain(Reflect.get(wrapped, key));
    } catch {
      return unknownMark;
    }
  };
  if (Array.isArray(wrapped)) return Array.from({ length: wrapped.length }, (_, index) => read(String(index)));
  return Object.fromEntries(Object.keys(wrapped).map((key) => [key, read(key)]));
}
