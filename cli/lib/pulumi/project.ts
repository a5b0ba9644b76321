import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { fleetFile } from "../../../config/files.ts";
import { UsageError } from "../exit.ts";

const project = z.looseObject({ name: z.string() });

/** The project's name, as the backend files its stacks under. */
export function projectName(config: string): string {
  try {
    return project.parse(parse(readFileSync(join(config, fleetFile), "utf8"))).name;
  } catch {
    throw new UsageError(
      `There is no ${fleetFile} in ${config} that names a project. Name the folder of the stack files with --config.`,
    );
  }
}
