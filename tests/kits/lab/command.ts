import { execFile } from "node:child_process";

/** Runs a program of this machine and returns its output; what it said on stderr is in the error. */
export async function run(program: string, args: readonly string[], input?: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const child = execFile(program, [...args], { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${program} ${args.join(" ")}: ${stderr.trim() || error.message}`));
    });
    child.stdin?.on("error", () => undefined); // a program that ends without reading is no fault of ours
    child.stdin?.end(input ?? "");
  });
}

/** Waits until `probe` holds, asking every `everyMs`; names what was awaited when it gives up. */
export async function until(
  what: string,
  probe: () => Promise<boolean> | boolean,
  { timeoutMs = 30_000, everyMs = 50 }: { readonly timeoutMs?: number; readonly everyMs?: number } = {},
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    if (await probe()) return;
    if (Date.now() > deadline) throw new Error(`Waited ${String(timeoutMs / 1000)} s in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
