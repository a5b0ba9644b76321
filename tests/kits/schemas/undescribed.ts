interface Schema {
  readonly $ref?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly [keyword: string]: unknown;
}

/** Conditions say when something holds, and describe no value. */
const conditions = ["if", "not", "propertyNames"];

/** Paths of the properties in a JSON Schema, definitions included, of which it does not say what they mean. */
export function undescribed(schema: unknown, root: unknown = schema, path = ""): string[] {
  if (Array.isArray(schema)) return schema.flatMap((part) => undescribed(part, root, path));
  if (typeof schema !== "object" || schema === null) return [];
  const { properties = {}, ...rest } = schema as Schema;
  return [
    ...Object.entries(properties).flatMap(([key, inner]) => [
      ...(descriptionOf(inner, root as Schema) === "" ? [`${path}/${key}`] : []),
      ...undescribed(inner, root, `${path}/${key}`),
    ]),
    ...Object.entries(rest)
      .filter(([keyword]) => !conditions.includes(keyword))
      .flatMap(([, part]) => undescribed(part, root, path)),
  ];
}

/** What stands at a property goes before what stands at the definition that it refers to. */
function descriptionOf({ description, $ref }: Schema, root: Schema): string {
  if (description !== undefined || $ref === undefined) return description?.trim() ?? "";
  const [, group = "", name = ""] = /^#\/([^/]+)\/([^/]+)$/.exec($ref) ?? [];
  const definitions = root[group] as Readonly<Record<string, Schema>> | undefined;
  return definitions?.[name]?.description?.trim() ?? "";
}
