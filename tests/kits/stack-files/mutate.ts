import { parse, stringify } from "yaml";
import { isRecord } from "../../../config/sources.ts";
import type { Change, Damage, Plausible, Start } from "./changes.ts";
import { likewise } from "./likewise.ts";
import { allServices, siteOf } from "./services.ts";

/** A stack file after these changes of what it says. */
export function mutated(text: string, changes: readonly (Change | Plausible)[], from: Start): Buffer {
  const document = parse(text) as unknown;
  changes.forEach((each, index) => {
    mutate(document, each, { at: from.at + index * 31, other: from.other });
  });
  return Buffer.from(stringify(document));
}

interface Place {
  readonly parent: Record<string, unknown> | unknown[];
  readonly key: string;
}

function mutate(document: unknown, each: Change | Plausible, { at, other }: { at: number; other: number }): void {
  const places = placesIn(document);
  const place = places[at % Math.max(1, places.length)];
  if (place === undefined) return;
  const value = get(place);
  switch (each.kind) {
    case "delete": {
      remove(place);
      return;
    }
    case "replace": {
      set(place.parent, place.key, each.value);
      return;
    }
    case "rename":
      remove(place);
      {
        set(place.parent, each.key, value);
        return;
      }
    case "copy": {
      set(place.parent, each.key, structuredClone(value));
      return;
    }
    case "add": {
      set(value, each.key, each.value);
      return;
    }
    case "likewise": {
      set(place.parent, place.key, likewise(value, each.choice));
      return;
    }
    case "service": {
      const [name, settings] = one(allServices, each.choice);
      const services = siteOf(document)?.["services"];
      const service = settings["service"] ?? name;
      set(services, each.key === "" ? name : each.key, structuredClone({ ...settings, service }));
      return;
    }
    case "promise": {
      const site = siteOf(document);
      const names = ["kubernetes", ...Object.keys(site?.["services"] ?? {})];
      set(site, "promises", { [one(names, each.choice)]: ["node", "host", "site", "link"] });
      return;
    }
    case "move": {
      const target = one(places, other);
      set(target.parent, target.key, structuredClone(value));
      return;
    }
  }
}

function one<Of>(of: readonly Of[], choice: number): Of {
  const found = of[choice % of.length];
  if (found === undefined) throw new Error("there is nothing to choose from");
  return found;
}

const get = ({ parent, key }: Place): unknown => (parent as Record<string, unknown>)[key];

function set(parent: unknown, key: string, value: unknown): void {
  if (Array.isArray(parent)) parent.push(value);
  else if (isRecord(parent))
    Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
}

function remove({ parent, key }: Place): void {
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else Reflect.deleteProperty(parent, key);
}

/** Every key of every map and list. */
function placesIn(value: unknown): Place[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    { parent: value as Place["parent"], key },
    ...placesIn(inner),
  ]);
}

/** The text after one damage of it. */
export function damaged(text: string, each: Damage, at: number): Buffer {
  const bytes = Buffer.from(text);
  const position = at % (bytes.length + 1);
  const [before, after] = [bytes.subarray(0, position), bytes.subarray(position)];
  if ("insert" in each) return Buffer.concat([before, Buffer.from(each.insert), after]);
  if ("bytes" in each) return Buffer.concat([before, each.bytes, after]);
  if ("cut" in each) return Buffer.concat([before, after.subarray(each.cut)]);
  const lines = text.split("\n");
  const line = at % lines.length;
  return Buffer.from([...lines.slice(0, line + 1), ...lines.slice(line)].join("\n"));
}
