import { readCases, writeOut } from "../../../config/cases.ts";
import { exitCode, UsageError, type ExitCode } from "../../lib/command-line.ts";

export function writeCase(name: string, folder: string): ExitCode {
  const found = readCases().find((one) => one.name === name);
  if (found === undefined) throw new UsageError(`There is no case "${name}": see config/cases/<rule>.yaml`);
  writeOut(found, folder);
  return exitCode.fine;
}
