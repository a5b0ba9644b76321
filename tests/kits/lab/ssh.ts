import ssh2 from "ssh2";
import type { Client } from "ssh2";

/** What a program needs to log in to a host: the shape of `@pulumi/command`'s connection. */
export interface Connection {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** In OpenSSH's format. */
  readonly privateKey: string;
  /** `ssh-ed25519 AAAA…`, for pinning. */
  readonly hostKey: string;
}

/** What a command on a host ended with. */
export interface Ran {
  readonly code: number;
  readonly signal: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly stdin?: string;
  /** Gives up, and drops the connection, after so long; 120 s where unset. */
  readonly timeoutMs?: number;
}

/** Opens a connection, with the host key pinned. */
export async function connect(to: Connection, timeoutMs = 5_000): Promise<Client> {
  const client = new ssh2.Client();
  return await new Promise((resolve, reject) => {
    client.once("ready", () => {
      client.removeAllListeners("error");
      client.on("error", () => client.destroy());
      resolve(client);
    });
    // On a busy machine more than one comes: that it took too long, then that the connection is lost.
    client.on("error", reject);
    client.connect({
      host: to.host,
      port: to.port,
      username: to.user,
      privateKey: to.privateKey,
      readyTimeout: timeoutMs,
      keepaliveInterval: 2_000,
      hostVerifier: (key: Buffer) => `${keyType(key)} ${key.toString("base64")}` === to.hostKey,
    });
    // As Go's connections are, those of `@pulumi/command`.
    client.setNoDelay(true);
  });
}

/** The type's name is the first field of a key: its length, then its letters. */
function keyType(key: Buffer): string {
  return key.subarray(4, 4 + key.readUInt32BE(0)).toString();
}

/** Runs one command over an open connection. Rejects where the connection breaks before the command has ended. */
export async function execute(client: Client, command: string, options: RunOptions = {}): Promise<Ran> {
  const { stdin = "", timeoutMs = 120_000 } = options;
  return await new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      client.destroy();
      reject(new Error(`No end after ${String(timeoutMs / 1000)} s: ${command.slice(0, 200)}`));
    }, timeoutMs);
    const broken = (): void => {
      settle(() => {
        reject(new Error(`The connection broke during: ${command.slice(0, 200)}`));
      });
    };
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      client.off("close", broken);
      finish();
    };
    client.setMaxListeners(100); // as many commands at a time over one connection as sshd allows
    client.once("close", broken);
    client.exec(command, (error, channel) => {
      if (error !== undefined) {
        settle(() => {
          reject(error);
        });
        return;
      }
      const out: Buffer[] = [];
      const err: Buffer[] = [];
      let ended: Pick<Ran, "code" | "signal"> | undefined;
      channel.on("data", (data: Buffer) => out.push(data));
      channel.stderr.on("data", (data: Buffer) => err.push(data));
      channel.on("exit", (code: number | null, signal?: string) => {
        ended = { code: code ?? 255, signal };
      });
      channel.on("close", () => {
        const [stdout, stderr] = [Buffer.concat(out).toString(), Buffer.concat(err).toString()];
        settle(() => {
          if (ended === undefined) reject(new Error(`The host went away during: ${command.slice(0, 200)}`));
          else resolve({ ...ended, stdout, stderr });
        });
      });
      channel.end(stdin);
    });
  });
}
