import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { configVariable } from "../../../config/folder.ts";
import { UsageError } from "../exit.ts";
import { required, several, type Option } from "./option.ts";

/** The folder of the stack files. */
export const config: Option<string> = {
  takes: "folder",
  summary: "folder of the stack files",
  completes: "folders",
  fallback: { text: `${configVariable}, or the current folder`, value: configFolder },
  read: existingFolder,
};

function configFolder(): string {
  const named = process.env[configVariable];
  if (named === undefined || named === "") return process.cwd();
  try {
    return existingFolder(named);
  } catch (error) {
    throw new UsageError(`${configVariable}="${named}": ${error instanceof Error ? error.message : String(error)}`);
  }
}

const siteName: Option<string | undefined> = {
  takes: "site",
  summary: "the stack, such as site-a",
  completes: "sites",
  read: (typed) => {
    if (/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(typed)) return typed;
    throw new Error("A site's name has lower case letters, digits and dashes, as in Pulumi.<site>.yaml.");
  },
};

export const site: Option<string> = required(siteName);

export const sites: Option<readonly string[]> = { ...several(siteName), summary: "the sites; default: all" };

/** How a command is told beforehand what it would ask. The same for all that ask. */
export const confirm: Option<string | undefined> = {
  takes: "site",
  summary: "the site's name once more, for scripts: do not ask",
  completes: "sites",
};

/** A folder that has to be there. */
export const folder = (summary: string): Option<string | undefined> => ({
  takes: "folder",
  summary,
  completes: "folders",
  read: existingFolder,
});

/** A folder that is made where it is not there. */
export const newFolder = (summary: string): Option<string | undefined> => ({
  takes: "folder",
  summary,
  completes: "folders",
  read: (typed) => {
    const above = nearestThere(typed);
    if (statSync(above).isDirectory()) return typed;
    throw new Error(above === typed ? "It is a file, not a folder." : `Its part ${above} is a file, not a folder.`);
  },
});

/** A file that has to be there. */
export const file = (summary: string): Option<string | undefined> => ({
  takes: "file",
  summary,
  completes: "files",
  read: (typed) => {
    if (!existsSync(typed)) throw new Error("There is no such file.");
    if (statSync(typed).isFile()) return typed;
    throw new Error("It is no file.");
  },
});

function existingFolder(typed: string): string {
  if (typed === "" || !existsSync(typed)) throw new Error("There is no such folder.");
  if (statSync(typed).isDirectory()) return typed;
  throw new Error("It is a file, not a folder.");
}

/** The path itself, or the nearest above it that is there. */
function nearestThere(path: string): string {
  let above = path;
  while (!existsSync(above) && dirname(above) !== above) above = dirname(above);
  return above;
}
