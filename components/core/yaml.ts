import { stringify } from "yaml";

/** How a document is written. */
export interface YamlStyle {
  /** Keys in alphabetical order, so that two runs can be compared. Default: the order that they have. */
  readonly sorted?: boolean;
}

/**
 * Text that readers of YAML 1.1 and 1.2 take for the same data. What we write is read by Helm, k3s and cloud-init, which keep to
 * 1.1: to them a bare `off` is false, `0644` is 420 and `12:30` is 750, so strings of that look are quoted.
 * https://yaml.org/type/bool.html, https://yaml.org/type/int.html
 */
export function toYaml(data: unknown, { sorted = false }: YamlStyle = {}): string {
  return stringify(data, { version: "1.1", lineWidth: 0, aliasDuplicateObjects: false, sortMapEntries: sorted });
}
