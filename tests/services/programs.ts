import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";

/** Servers are often where only root looks for programs. */
const folders = `${process.env["PATH"] ?? ""}${delimiter}/usr/sbin${delimiter}/sbin`.split(delimiter);

/** The file of a program that is installed here. */
export function programFile(name: string): string | undefined {
  return folders.map((folder) => join(folder, name)).find(runs);
}

export function runs(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * For a `before` hook: skips the suite where this machine lacks a program, and says how to get it; in CI that is a failure.
 * @param programs how to get each, by its name
 */
export function requirePrograms(context: Mocha.Context, programs: Readonly<Record<string, string>>): void {
  requireAll(context, programsMissing(programs));
}

/** What `requireAll` asks for where programs are not there. */
export const programsMissing = (programs: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(programs)
    .filter(([name]) => programFile(name) === undefined)
    .map(([name, fix]) => `${name}: ${fix}`);

/** The same for whatever is missing, a line each. */
export function requireAll(context: Mocha.Context, missing: readonly string[]): void {
  const lacks = [...(process.platform === "linux" ? [] : ["Linux: run it in a Linux virtual machine"]), ...missing];
  if (lacks.length === 0) return;
  const message = `This machine lacks:\n${lacks.map((line) => `  ${line}`).join("\n")}`;
  if (process.env["CI"] === "true") throw new Error(message);
  console.warn(`        skipped: ${message}`);
  context.skip();
}

/** The same for programs that a package of Debian has, by the package's name. */
export const packagesMissing = (programs: Readonly<Record<string, string>>): readonly string[] =>
  programsMissing(
    Object.fromEntries(Object.entries(programs).map(([name, from]) => [name, `apt-get install ${from}`])),
  );

/** What `requireAll` asks for where pods run as processes. */
export const podProgramsMissing = (): readonly string[] => [
  ...rootMissing(),
  ...packagesMissing({ bwrap: "bubblewrap", openssl: "openssl", ip: "iproute2" }),
];

/** What `requireAll` asks for where programs get a network and files of their own. */
export const rootMissing = (): readonly string[] =>
  process.getuid?.() === 0 ? [] : ["root (to make network namespaces): sudo npm run test:services"];
