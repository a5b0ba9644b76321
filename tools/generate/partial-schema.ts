/**
 * A JSON Schema for parts of a file: what has to be there may be left out, and values may be cut off (`AAAA…`), so that their
 * patterns do not count. Unknown keys, types, and choices do.
 */
export function partialSchema(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(partialSchema);
  if (typeof schema !== "object" || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([keyword, value]) => !(keyword === "required" && Array.isArray(value)) && keyword !== "pattern")
      .map(([keyword, value]) => [
        // Parts fit several of what was one of several.
        keyword === "oneOf" ? "anyOf" : keyword,
        ["if", "not"].includes(keyword) ? value : partialSchema(value),
      ]),
  );
}
