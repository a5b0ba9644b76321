import { boardNames, type Board } from "@isthmus/hosts";
import type { Architecture } from "@isthmus/core";

/** What a machine is, as far as planning needs it: a board that is sold in one size, or sizes. */
export type Hardware =
  { readonly board: Board } | { readonly architecture: Architecture; readonly cores: number; readonly memory: string };

/** A machine of the fleet that is to be written. */
export interface Machine {
  readonly name: string;
  readonly address: string;
  readonly role?: "server" | "agent" | undefined;
  readonly hardware?: Hardware | undefined;
  /** Who logs in, where it is another than on most. */
  readonly user?: string | undefined;
}

const sizes = "amd64/4/8Gi (architecture, cores, memory)";

/** Reads `raspberry-pi-5-8gb`, or `amd64/4/8Gi`. Throws an `Error` that says what would be right. */
export function readHardware(typed: string): Hardware {
  const board = boardNames.find((one) => one === typed);
  if (board !== undefined) return { board };
  const [, architecture, cores, memory] = /^(amd64|arm64)\/([1-9]\d{0,2})\/([1-9]\d*[MGT]i)$/.exec(typed) ?? [];
  if (architecture === undefined || cores === undefined || memory === undefined)
    throw new Error(`A machine is ${sizes}, or one of: ${boardNames.join(", ")}.`);
  return { architecture: architecture === "arm64" ? "arm64" : "amd64", cores: Number(cores), memory };
}

const wanted =
  "A node is NAME=ADDRESS, NAME=ADDRESS:ROLE or NAME=ADDRESS:ROLE:MACHINE, such as pi-1=192.168.1.11:server.";

/** Reads `NAME=ADDRESS[:ROLE[:MACHINE]]`. Throws an `Error` that says what would be right. */
export function readMachine(typed: string): Machine {
  const [, name, address, role, hardware] = /^([^=\s]+)=([0-9.]+)(?::([a-z]+))?(?::(\S+))?$/.exec(typed) ?? [];
  if (name === undefined || address === undefined) throw new Error(wanted);
  checkAddress(address);
  if (role !== undefined && role !== "server" && role !== "agent")
    throw new Error(`"${role}" is no role: it is server or agent. ${wanted}`);
  return { name, address, role, ...(hardware === undefined ? {} : { hardware: readHardware(hardware) }) };
}

/** Throws an `Error` where it is no IPv4 address. */
export function checkAddress(typed: string): string {
  const parts = typed.split(".");
  const right = parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
  if (right) return typed;
  throw new Error(`"${typed}" is no IPv4 address, such as 192.168.1.11.`);
}

/**
 * Every machine with a role. Where no server was named, the first three of three or more are servers, as etcd goes on with two
 * of three; of fewer, the first one is. All others are agents.
 */
export function withRoles(machines: readonly Machine[]): readonly (Machine & { readonly role: "server" | "agent" })[] {
  const open = machines.filter(({ role }) => role === undefined);
  const named = machines.some(({ role }) => role === "server");
  const servers = named ? [] : open.slice(0, open.length >= 3 ? 3 : 1);
  return machines.map((machine) => ({
    ...machine,
    role: machine.role ?? (servers.includes(machine) ? "server" : "agent"),
  }));
}
