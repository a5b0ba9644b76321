import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createPlainServer, type IncomingMessage } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { renderScript } from "@isthmus/remote/script";
import { planCluster } from "../plan/plan.ts";
import { scripts } from "../scripts/scripts.ts";
import { serverNode, settingsOf, sixNodes } from "../testing.ts";
import { askingOf, clusterUpkeep, storeFoundBy, storeProbeParameters, storeWarning } from "./upkeep.ts";

const secrets = { S3_ACCESS_KEY: "AKIDEXAMPLE", S3_SECRET_KEY: "a-very-secret-key" };

interface Answer {
  readonly status: number;
  readonly body?: string;
}
const error = (status: number, code: string, message = "words of the store"): Answer => ({
  status,
  body: `<?xml version="1.0"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
});

/** A store that answers what a test says, else as it should; with a certificate of its own. */
class ScriptedStore {
  readonly asked: IncomingMessage[] = [];
  answers: Partial<Record<"PUT" | "GET" | "DELETE", Answer>> = {};
  readonly folder = mkdtempSync(join(tmpdir(), "isthmus-probe-"));
  readonly #objects = new Map<string, string>();
  #server: Server | undefined;

  get authority(): string {
    return readFileSync(join(this.folder, "crt"), "utf8");
  }

  async start(): Promise<void> {
    const files = ["-keyout", join(this.folder, "key"), "-out", join(this.folder, "crt")];
    const names = ["-subj", "/CN=a store", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"];
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    execFileSync("openssl", ["req", "-x509", ...key, ...files, ...names], { stdio: "ignore" });
    this.#server = createServer({ key: readFileSync(join(this.folder, "key")), cert: this.authority });
    this.#server.on("request", (request, response) => {
      this.asked.push(request);
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { status, body } = this.#answer(request, Buffer.concat(chunks).toString());
        response.writeHead(status).end(body);
      });
    });
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  get endpoint(): string {
    return `127.0.0.1:${String((this.#server?.address() as AddressInfo).port)}`;
  }

  get left(): readonly string[] {
    return [...this.#objects.keys()];
  }

  reset(answers: ScriptedStore["answers"]): void {
    this.answers = answers;
    this.asked.length = 0;
    this.#objects.clear();
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((done) => this.#server?.close(done));
    rmSync(this.folder, { recursive: true });
  }

  #answer({ method, url = "", headers }: IncomingMessage, sent: string): Answer {
    const said = this.answers[method as "PUT" | "GET" | "DELETE"];
    if (said !== undefined) return said;
    if (method === "PUT") {
      if (headers["x-amz-content-sha256"] !== createHash("sha256").update(sent).digest("hex"))
        return error(400, "XAmzContentSHA256Mismatch");
      this.#objects.set(url, sent);
      return { status: 200 };
    }
    if (method === "GET") return { status: 200, body: this.#objects.get(url) ?? "" };
    return { status: this.#objects.delete(url) ? 204 : 404 };
  }
}

describe("a probe of the object store, by the script itself", function () {
  this.timeout(20_000);
  const store = new ScriptedStore();
  before(async () => {
    await store.start();
  });
  after(async () => {
    await store.stop();
  });

  interface Ran {
    readonly status: number;
    readonly printed: string;
    readonly said: string;
  }

  async function probe(changes: Readonly<Record<string, string>> = {}): Promise<Ran> {
    const s3 = { endpoint: store.endpoint, bucket: "etcd", folder: "clusters/site-a" };
    const settings = settingsOf({ snapshots: { s3: { ...s3, ca: store.authority, ...changes } } });
    const plan = planCluster({ name: "site-a", nodes: sixNodes, settings });
    const parameters = { ...storeProbeParameters(plan, { node: serverNode(1), files: [] }), ISTHMUS_HOST: "server-1" };
    const names = Object.keys(secrets);
    const call = { script: scripts.storeProbe, host: "server-1", parameters, secretNames: names, user: "root" };
    const text = `ISTHMUS_SECRETS=(${names.join(" ")})\n${renderScript(call)}`;
    const given = Object.values(secrets).map((value) => Buffer.from(value).toString("base64"));
    return await new Promise((resolve) => {
      const child = execFile("bash", ["-c", text], (failed, printed, said) => {
        resolve({ status: failed === null ? 0 : Number(failed.code), printed, said });
      });
      child.stdin?.end(`${given.join("\n")}\n`);
    });
  }

  it("writes, reads back and deletes below the folder, where k3s sees no snapshot, signed, and leaves nothing", async () => {
    store.reset({});
    const { status, printed, said } = await probe();
    assert.deepEqual([status, printed], [0, "in order\n"], said);
    const url = "/etcd/clusters/site-a/.metadata/isthmus-probe-server-1";
    assert.deepEqual(
      store.asked.map(({ method, url: at }) => `${String(method)} ${String(at)}`),
      [`PUT ${url}`, `GET ${url}`, `DELETE ${url}`],
    );
    for (const { headers } of store.asked)
      assert.match(headers.authorization ?? "", /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/us-east-1\/s3\//);
    assert.deepEqual(store.left, []);
  });

  const refusals: readonly (readonly [string, ScriptedStore["answers"], RegExp])[] = [
    [
      "keys that it does not know",
      { PUT: error(403, "InvalidAccessKeyId") },
      /at write: it does not know these keys \(HTTP 403, InvalidAccessKeyId: words.*'isthmus:secrets\.snapshotAccessKey'/s,
    ],
    [
      "another secret key",
      { PUT: error(403, "SignatureDoesNotMatch") },
      /it does not know these keys .*snapshotSecretKey/s,
    ],
    [
      "keys that may not write",
      { PUT: error(403, "AccessDenied") },
      /at write: these keys may not do it.*read, write and delete below clusters\/site-a\/ in etcd/s,
    ],
    ["keys that may not read", { GET: error(403, "AccessDenied") }, /at read back: these keys may not do it/],
    ["no bucket", { PUT: error(404, "NoSuchBucket") }, /there is no bucket etcd.*kubernetes\.snapshots\.s3\.bucket/s],
    [
      "another region",
      { PUT: error(400, "AuthorizationHeaderMalformed") },
      /another region than us-east-1.*kubernetes\.snapshots\.s3\.region/s,
    ],
    ["a moved bucket", { PUT: error(301, "PermanentRedirect") }, /another region than us-east-1/],
    ["another clock", { PUT: error(403, "RequestTimeTooSkewed") }, /this host's clock is another.*timedatectl/s],
    [
      "what is no store",
      { PUT: { status: 404, body: "<html>nginx</html>" } },
      /does not answer as an object store does \(HTTP 404\).*kubernetes\.snapshots\.s3\.endpoint/s,
    ],
    ["another content", { GET: { status: 200, body: "of another" } }, /what comes back is not what was written/],
  ];
  for (const [what, answers, expected] of refusals) {
    it(`refuses ${what}, with the step, the store's words and the key that puts it right`, async () => {
      store.reset(answers);
      const { status, said, printed } = await probe();
      assert.equal(status, 1, said);
      assert.match(said, expected);
      assert.ok(!(said + printed).includes(secrets.S3_SECRET_KEY));
    });
  }

  it("refuses a certificate that it does not trust, and a port that speaks no TLS", async () => {
    store.reset({});
    const other = execFileSync(
      "openssl",
      [
        ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
        ...["-subj", "/CN=another", "-keyout", "/dev/null"],
      ],
      { stdio: ["ignore", "pipe", "ignore"] },
    );
    const untrusted = await probe({ ca: other.toString() });
    assert.equal(untrusted.status, 1);
    assert.match(untrusted.said, /certificate is not trusted.*kubernetes\.snapshots\.s3\.ca/s);
    assert.equal(store.asked.length, 0);
    const plain = createPlainServer().listen(0, "127.0.0.1");
    await once(plain, "listening");
    const spoken = await probe({ endpoint: `127.0.0.1:${String((plain.address() as AddressInfo).port)}` });
    plain.close();
    assert.equal(spoken.status, 1);
    assert.match(spoken.said, /no TLS is spoken at that port.*kubernetes\.snapshots\.s3\.endpoint/s);
  });

  for (const [what, answers] of [
    ["has no time", { PUT: error(503, "SlowDown") }],
    ["fails while it is read", { GET: error(500, "InternalError") }],
  ] as const) {
    it(`stops nothing where the store ${what}`, async () => {
      store.reset(answers);
      const { status, printed } = await probe();
      assert.equal(status, 0);
      assert.match(printed, /^away: 127\.0\.0\.1:\d+ at (write|read back): HTTP 50\d, \w+: words of the store\n$/);
    });
  }

  it("stops nothing where nobody answers, or its name is not known yet", async () => {
    const nobody = await probe({ endpoint: "127.0.0.1:1" });
    assert.equal(nobody.status, 0);
    assert.match(nobody.printed, /^away: 127\.0\.0\.1:1 at write: curl: \(7\) .*\n$/);
    const unnamed = await probe({ endpoint: "store.invalid" });
    assert.match(unnamed.printed, /^away: store\.invalid at write: curl: \(6\) .*\n$/);
  });

  it("masks a secret that the store repeats", async () => {
    store.reset({ PUT: error(500, "InternalError", `you said ${secrets.S3_SECRET_KEY}`) });
    assert.match((await probe()).printed, /you said \[secret\]/);
  });

  it("notes where nothing may be deleted: a store that keeps all is one", async () => {
    store.reset({ DELETE: error(403, "AccessDenied") });
    const { status, printed } = await probe();
    assert.equal(status, 0);
    assert.match(printed, /^in order\nnote: 127\.0\.0\.1:\d+ deletes nothing \(HTTP 403, AccessDenied: words/);
  });
});

describe("what one run knows of another", () => {
  it("asks the store again after nobody answered, and then no more", () => {
    assert.equal(askingOf(undefined), 1);
    const away = storeFoundBy(1, "away: s3.example.org at write: curl: (7) refused\n");
    assert.equal(askingOf(away), 2);
    assert.equal(askingOf(storeFoundBy(2, "in order\n")), 2);
    assert.equal(askingOf(storeFoundBy(2, "in order\nnote: it deletes nothing\n")), 2);
    assert.equal(askingOf(storeFoundBy(2, "unknown: curl is too old\n")), 2);
  });

  it("warns of what a person should know, and only of that", () => {
    const found = (text: string) => storeWarning("server-1", storeFoundBy(1, text));
    assert.equal(found("in order\n"), undefined);
    assert.match(found("away: s3 at write: curl: (7) refused\n") ?? "", /^server-1 .*away: .*`pulumi up` asks again/);
    assert.match(found("in order\nnote: s3 deletes nothing\n") ?? "", /note: s3 deletes nothing\.$/);
  });

  it("reads what a run kept, and takes what none did for nothing", () => {
    const kept = { stores: { "server-1": { asked: 2, found: "in order" } } };
    assert.deepEqual(clusterUpkeep.parse(JSON.parse(JSON.stringify(kept))), kept);
    assert.equal(clusterUpkeep.safeParse(undefined).success, false);
    assert.deepEqual(clusterUpkeep.parse({}), { stores: {} });
  });
});
