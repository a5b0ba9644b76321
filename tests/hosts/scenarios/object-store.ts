/** An S3 server on the network of a lab: TLS, signatures checked, nothing for who does not sign. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { createServer, type Server } from "node:https";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { SharedFile } from "../machine/lab.ts";

interface S3rver {
  callback(): RequestListener;
  configureBuckets(): Promise<unknown>;
}
type S3rverClass = new (options: {
  directory: string;
  silent: boolean;
  vhostBuckets: boolean;
  configureBuckets: readonly { name: string }[];
}) => S3rver;
interface Account {
  createKeyPair(accessKey: string, secretKey: string): void;
}

const require = createRequire(import.meta.url);
const bucket = "etcd-snapshots";
const trusted = "/etc/ssl/certs/ca-certificates.crt";

export interface StoreKeys {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** One bucket of one user. `files` makes hosts trust its certificate. */
export class ObjectStore {
  readonly bucket = bucket;
  readonly keys: StoreKeys = { accessKey: "isthmus-test", secretKey: "a-secret-of-the-object-store" };
  readonly files: readonly SharedFile[];
  readonly #folder = mkdtempSync(join(tmpdir(), "isthmus-store-"));
  readonly #tls: { readonly key: string; readonly cert: string };
  #server: Server | undefined;
  #address = "";
  #port = 0;

  constructor() {
    this.#tls = certificate(this.#folder);
    const bundle = join(this.#folder, "trusted.crt");
    writeFileSync(bundle, `${readFileSync(trusted, "utf8")}\n${this.#tls.cert}`);
    this.files = [{ from: bundle, to: trusted, mode: 0o644 }];
    const accounts = require("@20minutes/s3rver/lib/models/account") as { readonly DUMMY_ACCOUNT: Account };
    accounts.DUMMY_ACCOUNT.createKeyPair(this.keys.accessKey, this.keys.secretKey);
  }

  /** Host and port, as a stack file has it. */
  get endpoint(): string {
    return `${this.#address}:${String(this.#port)}`;
  }

  /** Where it was before, if it ran before; what it holds stays. */
  async start(address = this.#address): Promise<void> {
    const S3rver = require("@20minutes/s3rver") as S3rverClass;
    const store = new S3rver({
      directory: join(this.#folder, "objects"),
      silent: true,
      vhostBuckets: false,
      configureBuckets: [{ name: bucket }],
    });
    await store.configureBuckets();
    const answer = store.callback();
    this.#server = createServer(this.#tls, (request, response) => {
      // Its buckets are open to who does not sign.
      if (request.headers.authorization === undefined) response.writeHead(403).end();
      else answer(request, response);
    });
    this.#server.listen(this.#port, address);
    await once(this.#server, "listening");
    this.#address = address;
    this.#port = (this.#server.address() as { port: number }).port;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }

  async destroy(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Names of the objects in a folder of the bucket. */
  names(folder: string): readonly string[] {
    const ending = "._S3rver_object";
    return readdirSync(join(this.#folder, "objects", bucket, folder))
      .filter((name) => name.endsWith(ending))
      .map((name) => name.slice(0, -ending.length))
      .sort();
  }
}

/** For the address that this machine has in any lab, and for itself. It is its own authority. */
function certificate(folder: string): { key: string; cert: string } {
  const labs = Array.from({ length: 250 }, (_, lab) => `IP:10.99.${String(lab)}.1`);
  const [key, cert] = [join(folder, "store.key"), join(folder, "store.crt")];
  const request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const names = ["-subj", "/CN=object store of a test", "-addext", `subjectAltName=IP:127.0.0.1,${labs.join(",")}`];
  execFileSync("openssl", [...request, ...names, "-keyout", key, "-out", cert], { stdio: "ignore" });
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
}
