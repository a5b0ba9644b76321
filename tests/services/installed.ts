import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { runs } from "./programs.ts";

export type Installed = "minio" | "mc" | "vault";

const script = join(import.meta.dirname, "install.sh");

/** Where `install.sh` puts a program: a folder laid out like /usr. */
export function installedFolder(program: Installed): string {
  const lines = execFileSync("bash", [script, "where"], { encoding: "utf8" }).trim().split("\n");
  const found = lines.map((line) => line.split(" ")).find(([name]) => name === program)?.[1];
  if (found === undefined) throw new Error(`install.sh knows no ${program}`);
  return found;
}

/** What `requireAll` asks for where it is not there. */
export function installMissing(program: Installed): readonly string[] {
  return runs(join(installedFolder(program), "bin", program)) ? [] : [`${program}: bash tests/services/install.sh`];
}
