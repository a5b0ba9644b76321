// ssh2 is CommonJS: Node finds only its default export.
import ssh2, { type Client, type ConnectConfig } from "ssh2";

/** A hop of a connection with everything known: what the command line tools and `any-host` connect with. */
export interface KnownHop {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly privateKey: string;
  readonly hostKey: string;
}
export interface KnownHost extends KnownHop {
  readonly name: string;
  readonly proxy?: KnownHop;
}

export interface Run {
  readonly command: string;
  readonly input: string;
  /** Called with what it writes to standard error, as it comes. */
  readonly heard?: ((text: string) => void) | undefined;
  /** How long to wait for its end, in milliseconds. Default: as long as the host answers. */
  readonly timeoutMs?: number | undefined;
}
export interface RunResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The host could not be reached: nothing was run on it. */
export class UnreachableError extends Error {
  override readonly name = "UnreachableError";
}

/** The host was lost while the command ran: it may go on there. */
export class ConnectionLostError extends Error {
  override readonly name = "ConnectionLostError";
}

/**
 * Runs a command on a host over SSH, with the host's key checked.
 * @throws {UnreachableError} if no session came about.
 * @throws {ConnectionLostError} if the session broke, or lasted longer than `timeoutMs`.
 */
export async function runOverSsh(host: KnownHost, run: Run): Promise<RunResult> {
  const open: Client[] = [];
  try {
    const client = await connect(host, open);
    return await execute(client, run);
  } finally {
    for (const client of open.reverse()) client.end();
  }
}

async function connect(host: KnownHost, open: Client[]): Promise<Client> {
  if (host.proxy === undefined) return dial(host, open);
  const proxy = await dial(host.proxy, open);
  const sock = await new Promise<NonNullable<ConnectConfig["sock"]>>((resolve, reject) => {
    proxy.forwardOut("127.0.0.1", 0, host.host, host.port, (error, channel) => {
      if (error === undefined) resolve(channel);
      else reject(new UnreachableError(`${host.host} through ${host.proxy?.host ?? ""}: ${error.message}`));
    });
  });
  return dial(host, open, sock);
}

function dial(hop: KnownHop, open: Client[], sock?: ConnectConfig["sock"]): Promise<Client> {
  const expected = publicKey(hop.hostKey);
  const client = new ssh2.Client();
  open.push(client);
  return new Promise((resolve, reject) => {
    let wrongKey = false;
    client.once("ready", () => {
      resolve(client);
    });
    client.on("error", (error) => {
      const reason = wrongKey ? "its host key is another than the one that was pinned" : error.message;
      reject(new UnreachableError(`${hop.host}: ${reason}`));
    });
    // A host that goes down may end a connection without an error.
    client.once("close", () => {
      reject(new UnreachableError(`${hop.host}: the connection ended before anybody was let in`));
    });
    client.connect({
      host: hop.host,
      port: hop.port,
      username: hop.user,
      privateKey: hop.privateKey,
      readyTimeout: 10_000,
      // A host that dies is noticed after 20 seconds, of which ssh2 waits for three answers.
      keepaliveInterval: 5_000,
      algorithms: { serverHostKey: hostKeyAlgorithms(expected.type) },
      hostVerifier: (key: Buffer) => {
        wrongKey = !key.equals(expected.blob);
        return !wrongKey;
      },
      ...(sock === undefined ? {} : { sock }),
    });
    // A login is a dozen small packets in turn: Nagle's algorithm would hold each back for 40 ms.
    client.setNoDelay(true);
  });
}

type HostKeyAlgorithm = "ssh-ed25519" | "ssh-rsa" | "rsa-sha2-256" | "rsa-sha2-512";

/** An RSA key signs in several ways; every other key in the one that it is named after. */
function hostKeyAlgorithms(type: string): HostKeyAlgorithm[] {
  return type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [type as HostKeyAlgorithm];
}

function publicKey(line: string): { readonly type: string; readonly blob: Buffer } {
  const parsed = ssh2.utils.parseKey(line);
  if (parsed instanceof Error) throw new UnreachableError(`"${line.slice(0, 40)}" is no public key: ${parsed.message}`);
  return { type: parsed.type, blob: parsed.getPublicSSH() };
}

function execute(client: Client, run: Run): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const lost = (why: string): void => {
      reject(new ConnectionLostError(why));
    };
    client.on("error", (error) => {
      lost(error.message);
    });
    client.once("close", () => {
      lost("the connection was lost while the command ran");
    });
    if (run.timeoutMs !== undefined) {
      const { timeoutMs } = run;
      const timer = setTimeout(() => {
        lost(`no answer within ${timeoutMs / 1000} seconds`);
      }, timeoutMs);
      client.once("close", () => {
        clearTimeout(timer);
      });
    }
    client.exec(run.command, (error, channel) => {
      if (error !== undefined) {
        reject(error);
        return;
      }
      const out: Buffer[] = [];
      const err: Buffer[] = [];
      const decoder = new TextDecoder();
      channel.on("data", (chunk: Buffer) => out.push(chunk));
      channel.stderr.on("data", (chunk: Buffer) => {
        err.push(chunk);
        run.heard?.(decoder.decode(chunk, { stream: true }));
      });
      channel.on("close", (status: number | null) => {
        const text = (chunks: Buffer[]): string => Buffer.concat(chunks).toString("utf8");
        resolve({ status: status ?? 255, stdout: text(out), stderr: text(err) });
      });
      channel.end(run.input);
    });
  });
}
