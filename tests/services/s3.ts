import { createHash, createHmac } from "node:crypto";
import type { RequestOptions } from "node:https";
import { ask } from "./ask.ts";

export interface Account {
  readonly name: string;
  readonly secret: string;
}

/** A request to an S3 server. */
export interface Asked {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly path: string;
  /** As it is signed: keys in order, everything encoded. */
  readonly query?: string;
  readonly body?: string;
  /** Whether MinIO is to delete every version of all that begins so. */
  readonly force?: true;
  readonly account?: Account;
}

export interface Answered {
  /** 0: nobody answered. */
  readonly status: number;
  readonly text: string;
  /** The version that was written. */
  readonly version?: string;
}

const region = "us-east-1";
const hash = (text: string): string => createHash("sha256").update(text).digest("hex");
const keyed = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
function signed(
  { method, path, query = "", body = "" }: Asked,
  host: string,
  account: Account,
): Readonly<Record<string, string>> {
  const time = new Date().toISOString().replace(/[:-]|\.\d+/g, "");
  const day = time.slice(0, 8);
  const scope = `${day}/${region}/s3/aws4_request`;
  const headers = { host, "x-amz-content-sha256": hash(body), "x-amz-date": time };
  const names = Object.keys(headers).join(";");
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const canonical = [method, path, query, lines.join(""), names, hash(body)].join("\n");
  const key = [day, region, "s3", "aws4_request"].reduce<string | Buffer>(keyed, `AWS4${account.secret}`);
  const signature = keyed(key, ["AWS4-HMAC-SHA256", time, scope, hash(canonical)].join("\n")).toString("hex");
  const credential = `Credential=${account.name}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  return { ...headers, authorization: `AWS4-HMAC-SHA256 ${credential}` };
}

/** Asks a server by its name, at an address, with a CA of its own. */
export async function askS3(
  asked: Asked,
  {
    name,
    port,
    address,
    ca,
  }: { readonly name: string; readonly port: number; readonly address: string; readonly ca: string },
): Promise<Answered> {
  const host = `${name}:${port}`;
  const options: RequestOptions = {
    host: address,
    port,
    ca,
    servername: name,
    method: asked.method,
    path: asked.query === undefined ? asked.path : `${asked.path}?${asked.query}`,
    timeout: 20_000,
    headers: {
      host,
      // Asked for where several are deleted at once.
      ...(asked.method === "POST"
        ? {
            "content-md5": createHash("md5")
              .update(asked.body ?? "")
              .digest("base64"),
          }
        : {}),
      ...(asked.force === undefined ? {} : { "x-minio-force-delete": "true" }),
      ...(asked.account === undefined ? {} : signed(asked, host, asked.account)),
    },
  };
  const { status, text, headers } = await ask(options, asked.body);
  const version = headers["x-amz-version-id"];
  return { status, text, ...(typeof version === "string" ? { version } : {}) };
}
