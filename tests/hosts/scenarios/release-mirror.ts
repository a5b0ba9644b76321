/** A mirror of k3s' releases as an air-gapped site keeps one: a real nginx with TLS, its certificate from an authority of the site. */
import { spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { run, until } from "../../kits/lab/command.ts";

const port = 8443;

export class ReleaseMirror {
  readonly url: string;
  /** Certificate of its authority, which no host trusts by itself. */
  readonly ca: string;
  readonly #folder: string;
  readonly #nginx: ChildProcess;

  static async start(address: string): Promise<ReleaseMirror> {
    const folder = mkdtempSync(join(tmpdir(), "isthmus-mirror-"));
    mkdirSync(join(folder, "files"));
    await makeCertificates(folder, address);
    writeFileSync(join(folder, "nginx.conf"), configuration(folder, address));
    const nginx = spawn("nginx", ["-p", folder, "-e", join(folder, "error.log"), "-c", join(folder, "nginx.conf")], {
      stdio: "ignore",
    });
    await until("the mirror answers", () => listens(address), { timeoutMs: 10_000 });
    return new ReleaseMirror(folder, address, nginx);
  }

  private constructor(folder: string, address: string, nginx: ChildProcess) {
    this.url = `https://${address}:${String(port)}`;
    this.ca = readFileSync(join(folder, "ca.crt"), "utf8");
    this.#folder = folder;
    this.#nginx = nginx;
  }

  /** Puts a file there; its SHA-256. */
  put(path: string, content: Buffer | string): string {
    const file = join(this.#folder, "files", path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    return createHash("sha256").update(content).digest("hex");
  }

  /** What was asked for, and how that was answered: `200 /v1.34.3+k3s1/k3s`. */
  requests(): readonly string[] {
    const log = join(this.#folder, "access.log");
    return existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
  }

  async close(): Promise<void> {
    const ended = once(this.#nginx, "exit");
    this.#nginx.kill("SIGTERM");
    await ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function configuration(folder: string, address: string): string {
  return `daemon off;
master_process off;
pid ${folder}/nginx.pid;
events {}
http {
  log_format asked '$status $uri';
  access_log ${folder}/access.log asked;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
    listen ${address}:${String(port)} ssl;
    ssl_certificate ${folder}/mirror.crt;
    ssl_certificate_key ${folder}/mirror.key;
    root ${folder}/files;
  }
}
`;
}

async function makeCertificates(folder: string, address: string): Promise<void> {
  const file = (name: string): string => join(folder, name);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const authority = ["-keyout", file("ca.key"), "-out", file("ca.crt"), "-subj", "/CN=authority of the site"];
  await run("openssl", ["req", "-x509", ...key, ...authority, "-days", "2"]);
  const request = ["-keyout", file("mirror.key"), "-out", file("mirror.csr"), "-subj", "/CN=mirror"];
  await run("openssl", ["req", ...key, ...request]);
  writeFileSync(file("names"), `subjectAltName=IP:${address}\n`);
  const signed = ["-in", file("mirror.csr"), "-out", file("mirror.crt"), "-extfile", file("names"), "-days", "2"];
  await run("openssl", ["x509", "-req", "-CA", file("ca.crt"), "-CAkey", file("ca.key"), "-CAcreateserial", ...signed]);
}

async function listens(address: string): Promise<boolean> {
  const socket = connect({ host: address, port });
  const open = await once(socket, "connect").then(
    () => true,
    () => false,
  );
  socket.destroy();
  return open;
}
