import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { request } from "node:https";
import { TLSSocket } from "node:tls";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa, execaSync } from "execa";
import { getAt } from "@isthmus/core";
import { contextOf } from "../../../../tests/kits/proofs/site-facts.ts";
import { monitoring } from "./definition.ts";

const hasNginx = ["nginx", "openssl"].every(
  (program) => execaSync(program, [program === "nginx" ? "-v" : "version"], { reject: false }).exitCode === 0,
);
const password = "a-generated-password";

/** The files that the image's start script would write, at paths of this machine. */
function filesOf(folder: string, upstream: number): Readonly<Record<string, string>> {
  const federation = { reach: { network: "overlay", port: 30030 }, hostName: "metrics.site-a.home.arpa" };
  const context = contextOf(monitoring, { args: { federation } });
  const object = monitoring.objects(context).find(({ id }) => id === "federation-configuration");
  const data = getAt(object?.manifest, "data") as Record<string, string>;
  return Object.fromEntries(
    Object.entries(data).map(([name, text]) => [
      name.replace(/\.template$/, ""),
      text
        .replaceAll("${FEDERATION_PASSWORD}", password)
        .replace(/proxy_pass [^;]+/, `proxy_pass http://127.0.0.1:${upstream}`)
        .replaceAll("/tls/", `${folder}/`)
        .replaceAll("/etc/nginx/conf.d", folder),
    ]),
  );
}

function newCertificate(folder: string, name: string): void {
  const key = [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-keyout",
    join(folder, "tls.key"),
  ];
  execaSync("openssl", ["req", "-x509", ...key, "-days", "1", "-subj", `/CN=${name}`, "-out", join(folder, "tls.crt")]);
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly server: string;
}

function ask(path: string, options: { user?: string; method?: string } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: "127.0.0.1",
        port: 9443,
        path,
        method: options.method ?? "GET",
        auth: options.user,
        rejectUnauthorized: false,
        agent: false,
      },
      (response) => {
        const { socket } = response;
        const server = socket instanceof TLSSocket ? String(socket.getPeerCertificate().subject.CN) : "no TLS";
        let body = "";
        response.on("data", (part: Buffer) => (body += part.toString()));
        response.on("end", () => {
          resolve({ status: response.statusCode ?? 0, body, server });
        });
      },
    );
    sent.on("error", reject);
    sent.end();
  });
}

const start = (folder: string) => execa("nginx", ["-p", folder, "-c", join(folder, "nginx.conf")], { reject: false });

describe("federation, by the real nginx", function () {
  this.timeout(20_000);
  const folder = mkdtempSync(join(tmpdir(), "federation-"));
  let prometheus: Server;
  let nginx: ReturnType<typeof start> | undefined;

  before(async function () {
    if (!hasNginx) {
      console.log("        skipped: nginx or openssl is not on the PATH (Debian: packages nginx-core, openssl)");
      this.skip();
    }
    prometheus = createServer((asked, answer) =>
      answer.end(`${asked.url} ${asked.headers.authorization ?? "no password"}`),
    );
    await new Promise<void>((resolve) => prometheus.listen(0, "127.0.0.1", resolve));
    for (const [name, text] of Object.entries(filesOf(folder, (prometheus.address() as AddressInfo).port))) {
      writeFileSync(join(folder, name), text);
    }
    newCertificate(folder, "first");
    const user = process.getuid?.() === 0 ? "user root;" : "";
    mkdirSync(join(folder, "logs"));
    writeFileSync(
      join(folder, "nginx.conf"),
      `daemon off; ${user} pid ${folder}/pid; error_log ${folder}/logs/error;\nevents {}\nhttp { access_log off; include ${folder}/default.conf; }\n`,
    );
    nginx = start(folder);
    for (let tries = 0; tries < 50; tries += 1) {
      if (
        await ask("/").then(
          () => true,
          () => false,
        )
      )
        return;
      await sleep(100);
    }
    throw new Error("nginx does not answer");
  });

  after(async () => {
    nginx?.kill();
    await nginx;
    if (hasNginx) prometheus.close();
    rmSync(folder, { recursive: true });
  });

  it("lets nobody in without the password", async () => {
    assert.equal((await ask("/federate")).status, 401);
    assert.equal((await ask("/federate", { user: "federation:wrong" })).status, 401);
  });

  it("hands on /federate with its question, and keeps the password to itself", async () => {
    const answer = await ask("/federate?match%5B%5D=up", { user: `federation:${password}` });
    assert.deepEqual([answer.status, answer.body], [200, "/federate?match%5B%5D=up no password"]);
  });

  it("hands on nothing else", async () => {
    const user = `federation:${password}`;
    assert.equal((await ask("/api/v1/query?query=up", { user })).status, 404);
    assert.equal((await ask("/federate/../api/v1/query", { user })).status, 404);
    assert.equal((await ask("/federate", { user, method: "POST" })).status, 403);
  });

  it("serves a renewed certificate without a restart", async () => {
    assert.equal((await ask("/")).server, "first");
    newCertificate(folder, "second");
    assert.equal((await ask("/")).server, "second");
  });
});
