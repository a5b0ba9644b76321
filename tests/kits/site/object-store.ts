/** An S3 server on the network of a lab: TLS, signatures checked, nothing for who does not sign. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import type { RequestListener } from "node:http";
import { createServer, type Server } from "node:https";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { signedWithoutSlash } from "./bucket-signature.ts";

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

export interface StoreKeys {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** One bucket of one user. No host trusts its certificate unless it is told of its authority. */
export class ObjectStore {
  readonly bucket = bucket;
  readonly keys: StoreKeys = { accessKey: "isthmus-test", secretKey: "a-secret-of-the-object-store" };
  /** Certificate of the authority that its own is from, in PEM form. */
  readonly authority: string;
  /** Whether it takes nothing in, as one whose keys may only read. */
  readOnly = false;
  readonly #folder = mkdtempSync(join(tmpdir(), "isthmus-store-"));
  readonly #tls: { readonly key: string; readonly cert: string };
  #server: Server | undefined;
  #address = "";
  #port = 0;

  constructor() {
    const { authority, ...tls } = certificate(this.#folder);
    this.authority = authority;
    this.#tls = tls;
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
      const writes = request.method === "PUT" || request.method === "POST";
      // Its buckets are open to who does not sign.
      if (request.headers.authorization === undefined || (writes && this.readOnly)) response.writeHead(403).end();
      else {
        signedWithoutSlash(request, this.keys.secretKey);
        answer(request, response);
      }
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
    const path = join(this.#folder, "objects", bucket, folder);
    if (!existsSync(path)) return [];
    return readdirSync(path)
      .filter((name) => name.endsWith(ending))
      .map((name) => name.slice(0, -ending.length))
      .sort();
  }
}

/** For the address that this machine has in any lab, and for itself; from an authority of its own. */
function certificate(folder: string): { key: string; cert: string; authority: string } {
  const labs = Array.from({ length: 250 }, (_, lab) => `IP:10.99.${String(lab)}.1`);
  const file = (name: string): string => join(folder, name);
  const make = (name: string, subject: string, more: readonly string[]): void => {
    const request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const names = ["-subj", subject, "-keyout", file(`${name}.key`), "-out", file(`${name}.crt`), "-days", "2"];
    execFileSync("openssl", [...request, ...names, ...more], { stdio: "ignore" });
  };
  make("authority", "/CN=authority of a test", []);
  const signed = [
    "-CA",
    file("authority.crt"),
    "-CAkey",
    file("authority.key"),
    "-addext",
    "basicConstraints=CA:FALSE",
  ];
  const names = ["-addext", `subjectAltName=IP:127.0.0.1,${labs.join(",")}`];
  make("store", "/CN=object store of a test", [...signed, ...names]);
  const [key, cert, authority] = ["store.key", "store.crt", "authority.crt"].map((name) =>
    readFileSync(file(name), "utf8"),
  ) as [string, string, string];
  return { key, cert, authority };
}
