import { join } from "node:path";
import { run } from "../kits/lab/command.ts";
import { ask } from "./ask.ts";

/** The name that people ask by. */
export const hostName = "vault.site-a.homelab.internal";

export interface Answer {
  /** 0: nobody answered. */
  readonly status: number;
  readonly data?: unknown;
}

/** Asks a server of Vault by that name. */
export async function askVault(
  {
    method,
    path,
    body,
    token,
  }: { readonly method: string; readonly path: string; readonly body: unknown; readonly token: string },
  { address, name, ca }: { readonly address: string; readonly name: string; readonly ca: string },
): Promise<Answer> {
  const headers = { "x-vault-token": token, host: `${name}:8200` };
  const to = { host: address, port: 8200, ca, servername: name, method, path: `/v1/${path}`, headers, timeout: 5_000 };
  const { status, text } = await ask(to, body === undefined ? undefined : JSON.stringify(body));
  const { data } = (status === 0 || text === "" ? {} : JSON.parse(text)) as { readonly data?: unknown };
  return { status, data };
}

/** Leaves no room in a file system. */
export async function fillUp(folder: string): Promise<void> {
  await run("dd", ["if=/dev/zero", `of=${join(folder, "filler")}`, "bs=64k"]).catch(() => undefined);
  await run("dd", [
    "if=/dev/zero",
    `of=${join(folder, "filler")}`,
    "bs=1",
    "oflag=append",
    "conv=notrunc",
    "count=65536",
  ]).catch(() => undefined);
}
