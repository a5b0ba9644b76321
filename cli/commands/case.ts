import { UserError } from "@isthmus/core";
import { Command } from "commander";
import { readCases, writeOut } from "../../config/cases.ts";
import { runCommand } from "../lib/command-line.ts";

const program = new Command("npm run case --")
  .description(
    "Writes a case of config/cases as whole stack files, as `npm run preview -- --config FOLDER` reads them.",
  )
  .argument("<name>", "the case, such as cidr-overlap-pods-and-services")
  .argument("<folder>", "where to")
  .action((name: string, folder: string) => {
    const found = readCases().find((one) => one.name === name);
    if (found === undefined) throw new UserError(`There is no case ${name}: see config/cases/<rule>.yaml`);
    writeOut(found, folder);
  });

await runCommand(program);
