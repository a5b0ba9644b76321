import { readFileSync } from "node:fs";
import { UserError } from "@isthmus/core";
import { parse } from "yaml";
import { z } from "zod";
import { fleetFile } from "../../../config/load.ts";

const project = z.looseObject({ name: z.string() });

/** The project's name, as the backend files its stacks under. */
export function projectName(): string {
  try {
    return project.parse(parse(readFileSync(fleetFile, "utf8"))).name;
  } catch {
    throw new UserError(`There is no ${fleetFile} here that names a project. Run this in the project's folder.`);
  }
}
