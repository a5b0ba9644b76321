/**
 * What exists in the simulated world: one JSON file a thing, shared by all providers of a fleet.
 * It holds secrets as the real world does (a Secret in a cluster), so the folder is closed to others.
 */
import { randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import type { Properties } from "./values.ts";

export interface Thing {
  /** Where it lives; nothing else can live there: `kubernetes/<cluster>/<kind>/<namespace>/<name>`. */
  readonly key: readonly string[];
  /** What a person would call the same thing, had it been made twice: a VM's name, though its number differs. */
  readonly sameAs: string;
  /** The resource that made it last. */
  readonly urn: string;
  readonly state: Properties;
}

export class Store {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = join(folder, "things");
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
  }

  /** False where something is there already; of two that try at once, one succeeds. */
  add(thing: Thing): boolean {
    const temporary = this.#write(thing);
    try {
      linkSync(temporary, this.#file(thing.key));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw error;
    } finally {
      rmSync(temporary);
    }
  }

  put(thing: Thing): void {
    renameSync(this.#write(thing), this.#file(thing.key));
  }

  get(key: readonly string[]): Thing | undefined {
    try {
      return JSON.parse(readFileSync(this.#file(key), "utf8")) as Thing;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  /** False where it was gone already. */
  remove(key: readonly string[]): boolean {
    const existed = this.get(key) !== undefined;
    rmSync(this.#file(key), { force: true });
    return existed;
  }

  /** All things whose keys begin so, in the order of their keys. */
  list(...prefix: readonly string[]): readonly Thing[] {
    const folder = join(this.#folder, ...prefix.map(encodeURIComponent));
    return filesUnder(folder)
      .filter((file) => file.endsWith(".json"))
      .sort()
      .flatMap((file) => readThing(join(folder, file)));
  }

  /** Things that exist more than once, by what a person would call them. */
  duplicates(): ReadonlyMap<string, readonly Thing[]> {
    const named = new Map<string, Thing[]>();
    for (const thing of this.list()) named.set(thing.sameAs, [...(named.get(thing.sameAs) ?? []), thing]);
    return new Map([...named].filter(([, things]) => things.length > 1));
  }

  #file(key: readonly string[]): string {
    return `${join(this.#folder, ...key.map(encodeURIComponent))}.json`;
  }

  #write(thing: Thing): string {
    const file = this.#file(thing.key);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const temporary = `${file}.${randomUUID()}`;
    writeFileSync(temporary, JSON.stringify(thing, null, 1), { mode: 0o600 });
    return temporary;
  }
}

function filesUnder(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: "utf8" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** Empty where it was removed since it was listed. */
function readThing(file: string): readonly Thing[] {
  try {
    return [JSON.parse(readFileSync(file, "utf8")) as Thing];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
