import { defineRule } from "./rules.ts";

export const schemaRule = defineRule({
  id: "schema",
  severity: "low",
  summary: "Every value has the form that its key asks for.",
  fix: "Write a value as the reference of that key says.",
  docs: "docs/reference/site.md#keys-of-pulumiltsitegtyaml",
});

export const missingRule = defineRule({
  id: "missing",
  severity: "low",
  summary: "Every key that has no default is there.",
  fix: "Add the key.",
  docs: "docs/reference/site.md#keys-of-pulumiltsitegtyaml",
});

export const unknownKeyRule = defineRule({
  id: "unknown-key",
  severity: "low",
  summary: "Every key is one that is read.",
  fix: "Write the key that was meant, or remove it.",
  docs: "docs/reference/site.md#keys-of-pulumiltsitegtyaml",
});

export const notSupportedRule = defineRule({
  id: "not-supported",
  severity: "low",
  summary: "What people write from other tools, and is not there, is told with the way round.",
  fix: "Take the way round that the finding names.",
  docs: "docs/reference/site.md#keys-of-pulumiltsitegtyaml",
});
