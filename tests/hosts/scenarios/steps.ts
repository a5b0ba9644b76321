import { shellWord, type Script } from "@isthmus/remote/script";
import type { Host } from "../../kits/lab/hosts.ts";

/** Where a script on a host tells the step that it is at. */
const told = "/run/isthmus.lock.step";
const longest = 200_000;

/** The steps that a person sees, in the order of the script; those that only some runs take are left out. */
export function stepsOf({ text }: Script): readonly string[] {
  const sometimes = [
    "cordon",
    "drain",
    "see that a majority of voters stays",
    "wait until etcd has the new token here",
    "take a snapshot before the upgrade",
  ];
  const ofTheInstallation = text.slice(text.indexOf("\nbegin() {"));
  return [...ofTheInstallation.matchAll(/^ *step '([^']+)'$/gm)]
    .flatMap(([, step]) => step ?? [])
    .filter((step) => !sometimes.includes(step));
}

/** Every step that a script may take, each once; an asterisk stands for what a run fills in, as in `drain *`. */
export function allStepsOf({ text }: Script): readonly string[] {
  const found = [...text.matchAll(/^ *step (?:'([^']+)'|"([^"]+)")$/gm)];
  return [...new Set(found.map(([, plain, filled]) => plain ?? filled?.replaceAll(/\$\w+|\$\{\w+\}/g, "*") ?? ""))];
}

/** Resolves when the script on the host is at this step, or at one after it: some take a few milliseconds only. */
export async function atStep(host: Host, script: Script, step: string): Promise<void> {
  const steps = stepsOf(script);
  if (!steps.includes(step)) throw new Error(`${script.name} has no step "${step}", but ${steps.join(", ")}`);
  const wanted = steps.slice(steps.indexOf(step)).map(shellWord);
  const reached = `{ read -r step <${told}; } 2>/dev/null && case $step in ${wanted.join("|")}) true ;; *) false ;; esac`;
  // Looks often, and starts no program for it: a processor that waits busily is missed by what is waited for.
  const watch = `rm -f ${told}; exec 3<> <(:); until ${reached}; do read -r -t 0.01 -u 3 || true; done`;
  await host.ok(`exec bash -c ${shellWord(watch)}`, { timeoutMs: longest });
}

/** A script that does not get past one step before it is let go. */
export interface Hold {
  /** Resolves when the script has begun the step; never, where the host is lost before. */
  readonly reached: Promise<void>;
  /** Lets go, and takes the trap away; the host has to be within reach. */
  release(): Promise<void>;
}

/**
 * Holds the next script that comes to this step on this host: it does the step, and does not begin the one after it. So a
 * fault strikes within that step and no other, however short it is. A script tells its step by writing it to a file; here
 * that is a pipe, and who writes to a pipe waits for a reader. A host whose cable is pulled lets go by itself, as its
 * script runs on in real life.
 */
export async function holdAt(host: Host, step: string): Promise<Hold> {
  const program = trap(step.split("*").map(literally).join(".*"));
  const start = 'program=$(cat); setsid python3 -c "$program" >/dev/null 2>&1 </dev/null &';
  await host.ok(`rm -f ${told} ${told}.*; ${start}`, { stdin: program });
  await host.ok(`until [ -p ${told} ]; do sleep 0.02; done`);
  const reached = host.ok(`until [ -e ${told}.reached ]; do sleep 0.1; done`, { timeoutMs: longest });
  // Of a run that ends before the step nobody asks; who asks gets the failure.
  reached.catch(() => undefined);
  const wake = `[ -e ${told}.reached ] || [ ! -p ${told} ] || timeout 5 sh -c 'echo >${told}'`;
  return {
    reached: reached.then(() => undefined),
    release: async () => {
      await host.ok(`touch ${told}.released; ${wake}; while [ -p ${told} ]; do sleep 0.05; done`, {
        timeoutMs: 10_000,
      });
    },
  };
}

const literally = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

/** Reads step after step, each from a pipe of its own, until the one that is looked for; then nobody reads any more. */
function trap(pattern: string): string {
  return `
import os, re, subprocess, time
told = "${told}"
def let_go():
    return os.path.exists(told + ".released") or "NO-CARRIER" in subprocess.run(["ip", "link", "show", "eth0"], capture_output=True, text=True).stdout
try:
    # Who comes to the next step meanwhile would slip through.
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
except OSError:
    os.nice(-20)
os.mkfifo(told)
said = []
while not any(re.fullmatch(${JSON.stringify(pattern)}, line) for line in said) and not os.path.exists(told + ".released"):
    os.mkfifo(told + ".next")
    with open(told) as pipe:
        os.rename(told + ".next", told)
        said = pipe.read().splitlines()
if not os.path.exists(told + ".released"):
    open(told + ".reached", "w").close()
while not let_go():
    time.sleep(0.1)
os.rename(told, told + ".last")
open(told, "w").close()
os.open(told + ".last", os.O_RDWR)
time.sleep(1)
`;
}
