import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import ssh2, { type Connection as SshConnection, type Server, type ServerChannel } from "ssh2";
import { runOnAnyHost } from "./any-host.ts";
import { runAsTold } from "./run.ts";
import { ConnectionLostError, runOverSsh, UnreachableError, type KnownHost } from "./ssh.ts";

const operator = ssh2.utils.generateKeyPairSync("ed25519");
const known = ssh2.utils.generateKeyPairSync("ed25519");
const stranger = ssh2.utils.generateKeyPairSync("ed25519");
const allowed = ssh2.utils.parseKey(operator.public);

/** An SSH server that lets the operator's key in and runs what it is asked to, with a shell. */
async function startHost(hostKey: string, ended?: Ended): Promise<Server> {
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (connection) => {
    connection.on("error", () => undefined);
    connection.on("authentication", (attempt) => {
      const right =
        attempt.method === "publickey" &&
        !(allowed instanceof Error) &&
        attempt.key.data.equals(allowed.getPublicSSH());
      if (right) attempt.accept();
      else attempt.reject(["publickey"]);
    });
    connection.on("ready", () => {
      serveCommands(connection, ended);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

/** What a host does instead of saying with which status a command ended. */
type Ended = (channel: ServerChannel, connection: SshConnection) => void;

function serveCommands(connection: SshConnection, ended?: Ended): void {
  connection.on("session", (acceptSession) => {
    acceptSession().on("exec", (accept, _reject, info) => {
      const channel = accept();
      const child = spawn("/bin/sh", ["-c", info.command]);
      // Who ends without reading its input is no fault of the server's: sshd drops what comes then.
      child.stdin.on("error", () => undefined);
      channel.pipe(child.stdin);
      child.stdout.pipe(channel, { end: false });
      child.stderr.pipe(channel.stderr, { end: false });
      child.on("close", (code) => {
        if (ended !== undefined) {
          ended(channel, connection);
          return;
        }
        channel.exit(code ?? 255);
        channel.end();
      });
    });
  });
}

/** A way to a port that can be cut as a host is that loses its power: nothing comes any more, and nobody says so. */
async function silentWire(to: number): Promise<{ port: number; cut: () => void; close: () => void }> {
  const ends: Socket[] = [];
  const server = createServer((near) => {
    const far = connect(to, "127.0.0.1");
    for (const end of [near, far]) end.on("error", () => undefined);
    near.pipe(far).pipe(near);
    ends.push(near, far);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    cut: () => {
      for (const end of ends) end.unpipe().pause();
    },
    close: () => {
      for (const end of ends) end.destroy();
      server.close();
    },
  };
}

describe("a command over SSH", function () {
  this.timeout(20_000);
  let right: Server;
  let wrong: Server;

  before(async () => {
    [right, wrong] = await Promise.all([startHost(known.private), startHost(stranger.private)]);
  });
  after(() => {
    right.close();
    wrong.close();
  });

  const hostOf = (name: string, server: Server, port = (server.address() as AddressInfo).port): KnownHost => ({
    name,
    host: "127.0.0.1",
    port,
    user: "root",
    privateKey: operator.private,
    hostKey: known.public,
  });

  it("gets its input, and gives back status, output and errors apart", async () => {
    const result = await runOverSsh(hostOf("a", right), { command: "cat; echo oops >&2; exit 7", input: "hello" });
    assert.deepEqual(result, { status: 7, stdout: "hello", stderr: "oops\n" });
  });

  it("is not sent to a host that shows another key", async () => {
    await assert.rejects(runOverSsh(hostOf("a", wrong), { command: "true", input: "" }), (error) => {
      assert.ok(error instanceof UnreachableError);
      assert.match(error.message, /its host key is another than the one that was pinned/);
      return true;
    });
  });

  it("ends where a host that goes down ends the connection before it lets anybody in", async () => {
    const leaving = new ssh2.Server({ hostKeys: [known.private] }, (connection) => {
      connection.on("error", () => undefined);
      connection.on("authentication", () => connection.end());
    });
    leaving.listen(0, "127.0.0.1");
    await once(leaving, "listening");
    await assert.rejects(runOverSsh(hostOf("a", leaving), { command: "true", input: "" }), UnreachableError);
    leaving.close();
  });

  it("is given up where a host does not answer in time", async () => {
    const command = "sleep 1";
    const asked = runOverSsh(hostOf("a", right), { command, input: "", timeoutMs: 100 });
    await assert.rejects(asked, /^ConnectionLostError: no answer within 0\.1 seconds$/);
  });

  it("says what it says as it says it", async () => {
    const heard: string[] = [];
    const command = "echo one >&2; sleep 0.2; echo two >&2";
    const { stderr } = await runOverSsh(hostOf("a", right), { command, input: "", heard: (text) => heard.push(text) });
    assert.equal(stderr, "one\ntwo\n");
    assert.deepEqual(heard, ["one\n", "two\n"]);
  });

  for (const [type, options] of [
    ["rsa", { bits: 2048 }],
    ["ecdsa", { bits: 256 }],
    ["ecdsa", { bits: 384 }],
    ["ecdsa", { bits: 521 }],
  ] as const) {
    it(`goes to a host that has ${type === "rsa" ? "an RSA" : "an ECDSA"} key of ${options.bits} bits alone`, async () => {
      const key =
        type === "rsa" ? ssh2.utils.generateKeyPairSync(type, options) : ssh2.utils.generateKeyPairSync(type, options);
      const server = await startHost(key.private);
      const result = await runOverSsh({ ...hostOf("a", server), hostKey: key.public }, { command: "cat", input: "x" });
      server.close();
      assert.equal(result.stdout, "x");
    });
  }

  it("is lost where the host ends the session before it says how it ended, with what was said until then", async () => {
    const leaving = await startHost(known.private, (_channel, connection) => connection.end());
    const asked = runOverSsh(hostOf("a", leaving), { command: "echo at work >&2", input: "" });
    await assert.rejects(asked, (error) => {
      assert.ok(error instanceof ConnectionLostError);
      assert.equal(error.stderr, "at work\n");
      assert.match(error.trouble.because, /^127\.0\.0\.1 ended the session before the script had ended/);
      return true;
    });
    leaving.close();
  });

  it("is given up within 30 seconds where nothing more is heard of a host", async () => {
    const host = await startHost(known.private);
    const wire = await silentWire((host.address() as AddressInfo).port);
    const started = performance.now();
    const asked = runOverSsh(
      { ...hostOf("a", host), port: wire.port },
      { command: "echo begun >&2; sleep 60", input: "", heard: wire.cut },
    );
    await assert.rejects(asked, (error) => {
      assert.ok(error instanceof ConnectionLostError);
      assert.match(error.trouble.because, /was not heard of for 20 seconds while the script ran/);
      assert.equal(error.stderr, "begun\n");
      return true;
    });
    const took = (performance.now() - started) / 1000;
    assert.ok(took > 14 && took < 30, `${took} s`);
    wire.close();
    host.close();
  }).timeout(60_000);

  it("goes to the first host that can be reached", async () => {
    const hosts = [hostOf("dead", right, 1), hostOf("impostor", wrong), hostOf("alive", right)];
    const result = await runOnAnyHost(hosts, { command: "cat", input: "x" });
    assert.equal(result.stdout, "x");
  });

  it("is not tried on the next host when the first one ran it and failed", async () => {
    const result = await runOnAnyHost([hostOf("a", right), hostOf("b", right)], { command: "exit 3", input: "" });
    assert.equal(result.status, 3);
  });

  it("goes on to the next host when one says that it is not the one", async () => {
    const directory = mkdtempSync(join(tmpdir(), "isthmus-"));
    // The first to ask makes the folder and declines; the second one finds it.
    const command = `mkdir ${directory}/asked 2>/dev/null && exit 75; cat`;
    const hosts = [hostOf("a", right), hostOf("b", right)];
    assert.deepEqual(await runOnAnyHost(hosts, { command, input: "x" }), { status: 0, stdout: "x", stderr: "" });
    const all = await runOnAnyHost(hosts, { command: "echo no >&2; exit 75", input: "" });
    assert.deepEqual(all, { status: 75, stdout: "", stderr: "a: no\nb: no\n" });
    rmSync(directory, { recursive: true });
  });

  it("is what the program that AnyHostScript starts does, with hosts and input on its standard input", async () => {
    const program = fileURLToPath(new URL("./any-host-main.cjs", import.meta.url));
    const start = async (command: string, none: string) => {
      const env = { ...process.env, ISTHMUS_COMMAND: command, ISTHMUS_NONE: none };
      const child = spawn(process.execPath, [program], { env });
      child.stdin.end(`${JSON.stringify([hostOf("dead", right, 1), hostOf("alive", right)])}\nfirst\nsecond\n`);
      const closed = once(child, "close") as Promise<[number]>;
      const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
      return { out, err, code };
    };
    assert.deepEqual(await start("cat", "they are away"), { out: "first\nsecond\n", err: "", code: 0 });
    const declined = await start("cat >/dev/null; exit 75", "they are away");
    assert.deepEqual(declined, { out: "", err: "alive: they are away\n", code: 75 });
  });

  it("is not begun with a key that nobody can use, and the message says why", async () => {
    const host = { ...hostOf("server-1", right), privateKey: known.public };
    const stdin = `${JSON.stringify([host])}\n`;
    assert.deepEqual(await runAsTold({ stdin, environment: { ISTHMUS_COMMAND: "true" } }), {
      status: 255,
      stdout: "",
      stderr:
        "[server-1] because: the SSH private key is the public half of a key: take the file without .pub\n" +
        "[server-1] to fix: set the secret that `ssh.privateKey` of the stack file names (pulumi config set --path --secret 'isthmus:secrets.NAME'), then run again\n",
    });
  });

  it("ends with the cause and the fix where its one host cannot be reached", async () => {
    const stdin = `${JSON.stringify([hostOf("server-1", wrong)])}\n`;
    const told = { stdin, environment: { ISTHMUS_COMMAND: "true", ISTHMUS_DIALS: "1" } };
    const { status, stderr } = await runAsTold(told);
    assert.equal(status, 255);
    assert.match(
      stderr,
      /^\[server-1\] because: its host key is another .*\n\[server-1\] to fix: .*ssh-keyscan -p \d+ -t ed25519/,
    );
  });

  it("names every host when none can be reached", async () => {
    const hosts = [hostOf("server-1", right, 1), hostOf("server-2", wrong)];
    await assert.rejects(
      runOnAnyHost(hosts, { command: "true", input: "" }, { rounds: 2, within: 60_000, lasting: 60_000, pause: 5 }),
      (error) => {
        assert.ok(error instanceof UnreachableError);
        assert.match(error.message, /server-1: 127\.0\.0\.1: .*ECONNREFUSED[\s\S]*server-2: .*host key/);
        assert.equal(error.trouble.lasting, undefined);
        return true;
      },
    );
  });
});
