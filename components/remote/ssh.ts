// ssh2 is CommonJS: Node finds only its default export.
import ssh2, { type Client, type ConnectConfig } from "ssh2";
import { unusableKey } from "./private-key.ts";
import { otherKey, whyLost, whyNoSession, type Trouble } from "./trouble.ts";

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
  readonly trouble: Trouble;

  constructor(where: string, trouble: Trouble) {
    super(`${where}: ${trouble.because} (to fix: ${trouble.fix})`);
    this.trouble = trouble;
  }
}

/** The host was lost while the command ran: it may go on there. */
export class ConnectionLostError extends Error {
  override readonly name = "ConnectionLostError";
  readonly trouble: Trouble;
  /** What the command had said until then on standard error. */
  readonly stderr: string;

  constructor(trouble: Trouble, stderr = "") {
    super(trouble.because);
    this.trouble = trouble;
    this.stderr = stderr;
  }
}

/**
 * Runs a command on a host over SSH, with the host's key checked.
 * @throws {UnreachableError} if no session came about.
 * @throws {ConnectionLostError} if the session broke, or lasted longer than `timeoutMs`.
 */
export async function runOverSsh(host: KnownHost, run: Run): Promise<RunResult> {
  const keys = [host, ...(host.proxy === undefined ? [] : [host.proxy])];
  const trouble = keys.map(({ privateKey }) => unusableKey(privateKey)).find((one) => one !== undefined);
  if (trouble !== undefined) throw new UnreachableError(host.name, trouble);
  const open: Client[] = [];
  try {
    const client = await connect(host, open);
    return await execute(client, host, run);
  } finally {
    for (const client of open.reverse()) client.end();
  }
}

/** Milliseconds until a host has to have let us in. */
const dialTimeout = 10_000;

async function connect(host: KnownHost, open: Client[]): Promise<Client> {
  if (host.proxy === undefined) return dial(host, open);
  const proxy = await dial(host.proxy, open);
  return dial(host, open, await through(proxy, host));
}

function through(proxy: Client, host: KnownHost): Promise<NonNullable<ConnectConfig["sock"]>> {
  const where = `${host.host} through ${host.proxy?.host ?? ""}`;
  const failed = (error: Error): UnreachableError => new UnreachableError(where, whyNoSession(error, host));
  return new Promise((resolve, reject) => {
    // The jump host itself may try for minutes.
    const timer = setTimeout(() => {
      reject(failed(Object.assign(new Error("no answer"), { level: "client-timeout" })));
    }, dialTimeout);
    proxy.forwardOut("127.0.0.1", 0, host.host, host.port, (error, channel) => {
      clearTimeout(timer);
      if (error === undefined) resolve(channel);
      else reject(failed(error));
    });
  });
}

function dial(hop: KnownHop, open: Client[], sock?: ConnectConfig["sock"]): Promise<Client> {
  const expected = publicKey(hop);
  const client = new ssh2.Client();
  open.push(client);
  return new Promise((resolve, reject) => {
    let shown: string | undefined;
    client.once("ready", () => {
      resolve(client);
    });
    client.on("error", (error) => {
      const trouble = shown === undefined ? whyNoSession(error, hop) : otherKey(hop, shown);
      reject(new UnreachableError(hop.host, trouble));
    });
    // A host that goes down may end a connection without an error.
    client.once("close", () => {
      const ended = Object.assign(new Error("it ended"), { code: "ECONNRESET" });
      reject(new UnreachableError(hop.host, whyNoSession(ended, hop)));
    });
    const verify = (key: Buffer): boolean => {
      if (key.equals(expected.blob)) return true;
      shown = key.subarray(4, 4 + key.readUInt32BE(0)).toString("latin1");
      return false;
    };
    try {
      client.connect({
        ...dialling(hop, expected.type),
        hostVerifier: verify,
        ...(sock === undefined ? {} : { sock }),
      });
    } catch (error) {
      // What it cannot begin with, such as a key with a passphrase, it throws.
      reject(new UnreachableError(hop.host, whyNoSession(error as Error, hop)));
      return;
    }
    // A login is a dozen small packets in turn: Nagle's algorithm would hold each back for 40 ms.
    client.setNoDelay(true);
  });
}

function dialling(hop: KnownHop, keyType: string): ConnectConfig {
  return {
    host: hop.host,
    port: hop.port,
    username: hop.user,
    privateKey: hop.privateKey,
    readyTimeout: dialTimeout,
    // A host that dies is noticed after 20 seconds, of which ssh2 waits for three answers.
    keepaliveInterval: 5_000,
    keepaliveCountMax: 3,
    algorithms: { serverHostKey: hostKeyAlgorithms(keyType) },
  };
}

type HostKeyAlgorithm = "ssh-ed25519" | "ssh-rsa" | "rsa-sha2-256" | "rsa-sha2-512";

/** An RSA key signs in several ways; every other key in the one that it is named after. */
function hostKeyAlgorithms(type: string): HostKeyAlgorithm[] {
  return type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [type as HostKeyAlgorithm];
}

function publicKey(hop: KnownHop): { readonly type: string; readonly blob: Buffer } {
  const parsed = ssh2.utils.parseKey(hop.hostKey);
  if (!(parsed instanceof Error)) return { type: parsed.type, blob: parsed.getPublicSSH() };
  throw new UnreachableError(hop.host, {
    because: `"${hop.hostKey.slice(0, 40)}" is no public key: ${parsed.message}`,
    fix: `set hostKey to the last two words that \`ssh-keyscan -p ${hop.port} -t ed25519 ${hop.host}\` prints`,
    lasting: true,
  });
}

function execute(client: Client, { host }: KnownHop, run: Run): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    const text = (chunks: Buffer[]): string => Buffer.concat(chunks).toString("utf8");
    const lost = (trouble: Trouble): void => {
      reject(new ConnectionLostError(trouble, text(err)));
      client.destroy();
    };
    client.on("error", (error) => {
      lost(whyLost(error, host));
    });
    client.once("close", () => {
      lost(whyLost(new Error("the connection ended"), host));
    });
    watchTime(client, run, lost);
    client.exec(run.command, (error, channel) => {
      if (error !== undefined) {
        reject(error);
        return;
      }
      let status: number | undefined;
      const decoder = new TextDecoder();
      channel.on("data", (chunk: Buffer) => out.push(chunk));
      channel.stderr.on("data", (chunk: Buffer) => {
        err.push(chunk);
        run.heard?.(decoder.decode(chunk, { stream: true }));
      });
      // A signal that ends a command comes without a status.
      channel.on("exit", (code: number | null) => {
        status = code ?? 255;
      });
      channel.on("close", () => {
        if (status === undefined) lost(whyLost(new Error("no status came"), host));
        else resolve({ status, stdout: text(out), stderr: text(err) });
      });
      channel.end(run.input);
    });
  });
}

function watchTime(client: Client, { timeoutMs }: Run, lost: (trouble: Trouble) => void): void {
  if (timeoutMs === undefined) return;
  const timer = setTimeout(() => {
    lost({
      because: `no answer within ${timeoutMs / 1000} seconds`,
      fix: "see what the host is busy with, and ask again",
    });
  }, timeoutMs);
  client.once("close", () => {
    clearTimeout(timer);
  });
}
