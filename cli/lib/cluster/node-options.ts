import { UserError } from "@isthmus/core";
import { InvalidArgumentError, Option } from "commander";

/** Every name that was given has to be a node. */
export function checkNodes(given: readonly string[] | undefined, nodes: readonly string[]): void {
  const unknown = (given ?? []).filter((name) => !nodes.includes(name));
  if (unknown.length === 0) return;
  throw new UserError(
    `There is no node ${unknown.map((name) => `"${name}"`).join(", ")}; there are: ${nodes.join(", ")}.`,
  );
}

/** An option that takes a whole number from 0 on. */
export function numberOption(flags: string, description: string, preset: number): Option {
  return new Option(flags, description).default(preset).argParser((text) => {
    if (!/^\d+$/.test(text)) throw new InvalidArgumentError("It has to be a whole number from 0 on.");
    return Number(text);
  });
}
