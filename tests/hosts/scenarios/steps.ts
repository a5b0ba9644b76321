import type { Script } from "@isthmus/remote/script";
import type { Host } from "../hosts.ts";

/** The steps that a person sees, in the order of the script; those that only some runs take are left out. */
export function stepsOf({ text }: Script): readonly string[] {
  const sometimes = ["cordon", "drain", "see that a majority of voters stays"];
  const ofTheInstallation = text.slice(text.indexOf("\nbegin() {"));
  return [...ofTheInstallation.matchAll(/^ *step '([^']+)'$/gm)]
    .flatMap(([, step]) => step ?? [])
    .filter((step) => !sometimes.includes(step));
}

/** Resolves when the script on the host is at this step, or at one after it: some take a few milliseconds only. */
export async function atStep(host: Host, script: Script, step: string): Promise<void> {
  const steps = stepsOf(script);
  if (!steps.includes(step)) throw new Error(`${script.name} has no step "${step}", but ${steps.join(", ")}`);
  const wanted = steps.slice(steps.indexOf(step)).map((one) => `'${one}'`);
  const file = "/run/isthmus.lock.step";
  const reached = `case "$(cat ${file} 2>/dev/null)" in ${wanted.join("|")}) true ;; *) false ;; esac`;
  await host.ok(`rm -f ${file}; until ${reached}; do sleep 0.01; done`, { timeoutMs: 200_000 });
}
