/** Many hosts in this process: each an SSH server of its own, with its own key and port, that answers for a script and notes who came. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";

import ssh2, { type Connection, type Server, type ServerChannel } from "ssh2";

import { newKey } from "../lab/keys.ts";

/** A session that a host let in, and the script that was run in it. */
export interface HostSession {
  readonly host: string;
  readonly script: string;
}

export interface SshHost {
  readonly name: string;
  readonly port: number;
  /** As in `known_hosts`, without the name. */
  readonly hostKey: string;
}

/** What a script prints, by its file's name; nothing where it is not named. */
export type Printed = Readonly<Record<string, string>>;

const address = "127.0.0.1";

export class SshHosts {
  readonly privateKey: string;
  readonly #allowed: Buffer;
  readonly #printed: Printed;
  readonly #servers = new Map<string, Server>();
  readonly #hosts = new Map<string, SshHost>();
  #sessions: HostSession[] = [];

  static async start(names: readonly string[], printed: Printed): Promise<SshHosts> {
    const hosts = new SshHosts(printed);
    await Promise.all(names.map((name) => hosts.#start(name)));
    return hosts;
  }

  private constructor(printed: Printed) {
    const key = newKey();
    const parsed = ssh2.utils.parseKey(key.public);
    if (parsed instanceof Error) throw parsed;
    this.privateKey = key.private;
    this.#allowed = parsed.getPublicSSH();
    this.#printed = printed;
  }

  host(name: string): SshHost {
    const found = this.#hosts.get(name);
    if (found === undefined) throw new Error(`there is no host ${name}`);
    return found;
  }

  /** The sessions since it was asked last. */
  takeSessions(): readonly HostSession[] {
    const taken = this.#sessions;
    this.#sessions = [];
    return taken;
  }

  /** Nobody answers there any more. */
  stop(name: string): void {
    this.#servers.get(name)?.close();
  }

  close(): void {
    for (const server of this.#servers.values()) server.close();
  }

  async #start(name: string): Promise<void> {
    const key = newKey();
    const server = new ssh2.Server({ hostKeys: [key.private] }, (connection) => {
      this.#serve(name, connection);
    });
    server.listen(0, address);
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const [type = "", body = ""] = key.public.split(" ");
    this.#servers.set(name, server);
    this.#hosts.set(name, { name, port, hostKey: `${type} ${body}` });
  }

  #serve(host: string, connection: Connection): void {
    connection.on("error", () => undefined);
    connection.on("authentication", (attempt) => {
      if (attempt.method === "publickey" && attempt.key.data.equals(this.#allowed)) attempt.accept();
      else attempt.reject(["publickey"]);
    });
    connection.on("session", (accept) => {
      accept().on("exec", (acceptCommand, _reject, { command }) => {
        const script = /([a-z-]+\.sh)'?$/.exec(command)?.[1] ?? "";
        this.#sessions.push({ host, script });
        answer(acceptCommand(), this.#printed[script] ?? "");
      });
    });
  }
}

/** The script and its secrets are read to their end, as bash does. */
function answer(channel: ServerChannel, printed: string): void {
  channel.resume();
  channel.once("end", () => {
    channel.write(printed);
    channel.exit(0);
    channel.end();
  });
}
