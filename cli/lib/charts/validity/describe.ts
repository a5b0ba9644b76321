import type { ErrorObject } from "ajv";
import { closest } from "fastest-levenshtein";
import { quote } from "@isthmus/core";

/** An error of a JSON Schema as people read it; an unknown key with the nearest that there is. */
export function describe({ instancePath, message = "", params, parentSchema, data }: ErrorObject): string {
  const path = instancePath.slice(1).replaceAll("/", ".");
  const extra: unknown = params["additionalProperty"];
  if (typeof extra === "string") {
    const names = Object.keys((parentSchema as { properties?: object } | undefined)?.properties ?? {});
    const near = names.length === 0 ? "" : `; the nearest is ${closest(extra, names)}`;
    return `${path}${path === "" ? "" : "."}${extra}: there is no such field${near}`;
  }
  const allowed: unknown = params["allowedValues"];
  return `${path}: ${quote(data)} ${message}${Array.isArray(allowed) ? `: ${allowed.join(", ")}` : ""}`;
}
