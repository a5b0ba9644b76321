import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { programFile, requireAll } from "../../services/programs.ts";

/** The programs of a control plane, each from its own Go module (tests/control-plane/README.md). */
export const controlPlanePrograms = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kwok",
] as const;
export type ControlPlaneProgram = (typeof controlPlanePrograms)[number];

/** Beside the checkout on some machines: builds the programs, and prints the folder that holds them. */
const setup = join(import.meta.dirname, "../../../../shared/control-plane/setup.sh");

let built: string | undefined;

/** The file of a program: from PATH, else from where `setup.sh` built it. */
function fileOf(program: ControlPlaneProgram): string | undefined {
  const onPath = programFile(program);
  if (onPath !== undefined || !existsSync(setup)) return onPath;
  built ??= execFileSync(setup, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  const file = join(built, program);
  return existsSync(file) ? file : undefined;
}

export type ProgramFiles = Readonly<Record<ControlPlaneProgram, string>>;

/**
 * For a `before` hook: the programs, or the suite is skipped and says what is not there. With `CI=true` that is a failure where they can be
 * built, and a skip where they cannot.
 */
export function requireControlPlane(context: Mocha.Context): ProgramFiles {
  const files = controlPlanePrograms.map((program) => [program, fileOf(program)] as const);
  const missing = files.flatMap(([program, file]) => (file === undefined ? [program] : []));
  const lacks =
    missing.length === 0 ? [] : [`${missing.join(", ")}: tests/control-plane/README.md says how to build them`];
  if (lacks.length > 0 && process.env["CI"] === "true" && !existsSync(setup)) {
    console.warn(`        skipped: nothing here builds ${missing.join(", ")}`);
    context.skip();
  }
  requireAll(context, [
    ...lacks,
    ...(programFile("setpriv") === undefined ? ["setpriv: apt-get install util-linux"] : []),
  ]);
  return Object.fromEntries(files) as ProgramFiles;
}
