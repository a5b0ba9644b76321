import { UserError } from "@isthmus/core";

/** What every command ends with. 0: all in order; 1: a finding, drift or a refusal; 2: wrong usage; 3: something needed is not there. */
export const exitCode = { fine: 0, finding: 1, usage: 2, missing: 3 } as const;
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** What was typed cannot be meant: an unknown site, a file for a folder. Ends with 2. */
export class UsageError extends UserError {}

/** Something that a command needs is not there, or not reached: a program, a host, the state. Ends with 3. */
export class MissingError extends UserError {}

/** The same kind of error with another message. */
export function retold(error: UserError, message: string): UserError {
  if (error instanceof UsageError) return new UsageError(message);
  return error instanceof MissingError ? new MissingError(message) : new UserError(message, error.findings);
}

/** Failures of the system that a person can do something about: rights, room, a path through a file. */
const systemFailures: Readonly<Record<string, string>> = {
  EACCES: "you may not read or write it",
  EISDIR: "it is a folder, not a file",
  ENAMETOOLONG: "its name is too long",
  ENOSPC: "the disk is full",
  ENOTDIR: "part of the path is a file, not a folder",
  EPERM: "you may not do that with it",
  EROFS: "the file system takes no changes",
};

/** What a command that threw ends with, and what it says. Undefined: a bug, which keeps its stack trace. */
export function endOf(error: unknown): { readonly code: ExitCode; readonly message: string } | undefined {
  if (error instanceof UsageError) return { code: exitCode.usage, message: error.message };
  if (error instanceof MissingError) return { code: exitCode.missing, message: error.message };
  if (error instanceof UserError) return { code: exitCode.finding, message: error.message };
  if (!(error instanceof Error) || !("code" in error) || !("path" in error)) return undefined;
  const why = systemFailures[String(error.code)];
  return why === undefined ? undefined : { code: exitCode.missing, message: `${String(error.path)}: ${why}` };
}
