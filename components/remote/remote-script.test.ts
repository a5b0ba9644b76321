import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { runtime, secret } from "@pulumi/pulumi";
import { AnyHostScript } from "./any-host-script.ts";
import { OnceScript } from "./once-script.ts";
import { RemoteScript } from "./remote-script.ts";
import { renderCommand, renderInput } from "./script.ts";

interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** Takes notes of what is registered; anything that it is asked beyond that is an error. */
async function registered(program: () => unknown): Promise<readonly Registered[]> {
  const seen: Registered[] = [];
  await runtime.setMocks({
    newResource: ({ type, name, inputs }) => {
      seen.push({ type, name, inputs: inputs as Record<string, unknown> });
      return { id: `${name}-id`, state: inputs as Record<string, unknown> };
    },
    call: ({ token }) => {
      throw new Error(`unexpected call of ${token}`);
    },
  });
  await runtime.runInPulumiStack(() => {
    program();
    return Promise.resolve({});
  });
  await runtime.disconnect();
  return seen.filter(({ type }) => type !== "pulumi:pulumi:Stack");
}

/** What mocks see of a secret. */
interface Sealed {
  readonly value: unknown;
}

const script = { name: "hello.sh", text: "echo hello\n" };
const connection = { host: "10.0.20.11", privateKey: secret("PRIVATE"), hostKey: "ssh-ed25519 AAAA" };

/** What the host reads of a script's standard input: all behind the line that names it. */
function sent(of: Registered | undefined): { hosts: unknown; text: string } {
  const { value } = of?.inputs["stdin"] as Sealed;
  const [hosts = "", ...rest] = String(value).split("\n");
  return { hosts: JSON.parse(hosts), text: rest.join("\n") };
}

const commandOf = (of: Registered | undefined): string =>
  (of?.inputs["environment"] as { ISTHMUS_COMMAND: string }).ISTHMUS_COMMAND;

describe("RemoteScript", () => {
  it("is one local command that knows its host and the host's key, without logging and delete", async () => {
    const args = { script, host: "a", connection, parameters: { NODE: "a" }, secrets: { TOKEN: secret("canary") } };
    const [only, ...others] = await registered(() => new RemoteScript("hello", { ...args, triggers: ["id-1"] }));
    assert.equal(others.length, 0);
    assert.equal(only?.type, "command:local:Command");
    const { stdin, environment, ...inputs } = only.inputs;
    assert.deepEqual(inputs, {
      addPreviousOutputInEnv: false,
      create: "node components/remote/any-host-main.cjs # hello.sh",
      logging: "none",
      triggers: ["id-1"],
    });
    assert.deepEqual(Object.keys(environment as object), ["ISTHMUS_COMMAND"]);
    assert.equal(typeof stdin, "object", "a secret");
    assert.deepEqual(sent(only).hosts, [
      { name: "a", host: "10.0.20.11", port: 22, user: "root", privateKey: "PRIVATE", hostKey: "ssh-ed25519 AAAA" },
    ]);
  });

  it("goes through a jump host", async () => {
    const proxy = { ...connection, host: "203.0.113.7", user: "jump" };
    const [only] = await registered(
      () => new RemoteScript("hello", { script, host: "a", connection: { ...connection, proxy } }),
    );
    const [host] = sent(only).hosts as { proxy: { host: string; user: string } }[];
    assert.deepEqual([host?.proxy.host, host?.proxy.user], ["203.0.113.7", "jump"]);
  });

  it("keeps secrets to standard input, and that secret", async () => {
    const args = { script, host: "a", connection, secrets: { TOKEN: secret("canary") } };
    const [only] = await registered(() => new RemoteScript("hello", args));
    assert.equal(sent(only).text, renderInput({ script }, { TOKEN: "canary" }));
    assert.ok(!commandOf(only).includes("canary"));
  });

  it("sends long parameters with the script", async () => {
    const parameters = { NODE: "a", FILE: "line\n".repeat(50) };
    const [only] = await registered(() => new RemoteScript("hello", { script, host: "a", connection, parameters }));
    assert.match(commandOf(only), /\nNODE=a\n/);
    assert.doesNotMatch(commandOf(only), /FILE|line/);
    const [, told = ""] = sent(only).text.split("\n");
    assert.equal(Buffer.from(told, "base64").toString(), `FILE='${parameters.FILE}'\n`);
  });

  it("runs again on another trigger, and is not told of it", async () => {
    const args = { script, host: "a", connection };
    const inputOf = async (rerunOn?: string): Promise<string> => {
      const [only] = await registered(() => new RemoteScript("hello", { ...args, rerunOn }));
      return sent(only).text;
    };
    const text = renderInput({ script }, {});
    assert.deepEqual(
      [await inputOf(), await inputOf("once"), await inputOf("twice")],
      [text, `${text}once\n`, `${text}twice\n`],
    );
    const command = renderCommand({ script, host: "a", parameters: {}, secretNames: [], user: "root" });
    const ran = spawnSync("sh", ["-c", command], { input: `${text}echo told\n`, encoding: "utf8" });
    assert.equal(ran.stdout, "hello\n");
  });
});

describe("OnceScript", () => {
  it("keeps the type that releases wrote, and what it ran with: another one would run again on a cluster that there is", async () => {
    const args = { script, host: "a", connection, secrets: { TOKEN: secret("canary") } };
    const [only, ...others] = await registered(() => new OnceScript("bootstrap", args));
    assert.equal(others.length, 0);
    assert.equal(only?.type, "command:remote:Command");
    const { value } = only.inputs["connection"] as Sealed;
    const limits = { dialErrorLimit: 12, perDialTimeout: 10 };
    assert.deepEqual(value, {
      host: "10.0.20.11",
      port: 22,
      user: "root",
      privateKey: "PRIVATE",
      hostKey: "ssh-ed25519 AAAA",
      ...limits,
    });
    assert.equal((only.inputs["stdin"] as Sealed).value, renderInput({ script }, { TOKEN: "canary" }));
    assert.equal(only.inputs["logging"], "none");
  });
});

describe("AnyHostScript", () => {
  it("is one local command that knows every host, all of it secret", async () => {
    const hosts = ["a", "b"].map((name) => ({ name, connection: { ...connection, host: `10.0.20.${name}` } }));
    const args = { script, about: "site-a", hosts, parameters: { KEEP: ["a"] }, none: "they are all away" };
    const [only, ...others] = await registered(() => new AnyHostScript("membership", args));
    assert.equal(others.length, 0);
    assert.equal(only?.type, "command:local:Command");
    assert.match(String(only.inputs["create"]), /^node components\/remote\/any-host-main\.cjs # hello\.sh$/);
    const { value } = only.inputs["stdin"] as Sealed;
    const [first, ...rest] = String(value).split("\n");
    assert.deepEqual(
      (JSON.parse(first ?? "") as { name: string; host: string; port: number }[]).map((host) => [host.name, host.host]),
      [
        ["a", "10.0.20.a"],
        ["b", "10.0.20.b"],
      ],
    );
    assert.equal(rest.join("\n"), renderInput({ script }, {}));
    const environment = only.inputs["environment"] as { ISTHMUS_COMMAND: string; ISTHMUS_NONE: string };
    assert.match(environment.ISTHMUS_COMMAND, /KEEP=\(a\)/);
    assert.equal(environment.ISTHMUS_NONE, "they are all away");
  });

  it("goes through sudo on each host that is not entered as root, whichever answers", async () => {
    const commandOf = async (...users: readonly string[]): Promise<string> => {
      const hosts = users.map((user) => ({ name: user, connection: { ...connection, user } }));
      const [only] = await registered(() => new AnyHostScript(users.join(), { script, about: "site-a", hosts }));
      return (only?.inputs["environment"] as { ISTHMUS_COMMAND: string }).ISTHMUS_COMMAND;
    };
    assert.match(await commandOf("root", "isthmus"), /id -u.*sudo -n/s);
    assert.match(await commandOf("isthmus", "root"), /id -u.*sudo -n/s);
    assert.doesNotMatch(await commandOf("root", "root"), /sudo/);
  });
});
