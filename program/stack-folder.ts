import { existsSync, realpathSync } from "node:fs";
import { relative, resolve } from "node:path";
import { UserError } from "@isthmus/core";
import { configVariable } from "../config/folder.ts";

/**
 * The folder of the stack files under the engine: that of Pulumi.yaml, from which the run was started (`root`). The program may
 * stand elsewhere, where Pulumi.yaml says so with `main`.
 * @throws {UserError} if the commands would read another folder than this run: what they show would not be what is built.
 */
export function stackFolder(root: string, configured: string | undefined): string {
  if (configured === undefined || configured === "" || same(configured, root)) return root;
  throw new UserError(
    `${configVariable} is "${configured}", and this run reads the stack files of ${root}. ` +
      `Start it there (pulumi -C ${configured} …), or unset ${configVariable}. Nothing was changed.`,
  );
}

/** A folder of charts as Helm finds it: what the stack file says is meant from the stack file's own folder. */
export function mirrorFrom(mirror: string | undefined, folder: string, cwd = process.cwd()): string | undefined {
  if (mirror === undefined || !mirror.startsWith("./") || same(folder, cwd)) return mirror;
  const path = relative(cwd, resolve(folder, mirror));
  return path.startsWith(".") ? path : `./${path}`;
}

function same(one: string, other: string): boolean {
  const real = (path: string): string => (existsSync(path) ? realpathSync(path) : resolve(path));
  return real(one) === real(other);
}
