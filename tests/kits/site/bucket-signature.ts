/**
 * Clients as k3s' own (minio-go) ask for a bucket with a slash at its end, and sign that. S3rver checks such a signature
 * as if the slash were not there: so it is checked here, and signed anew without.
 */
import { createHash, createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** Takes the slash away where the request is for a bucket and the signature is right; else leaves it to be refused. */
export function signedWithoutSlash(request: IncomingMessage, secretKey: string): void {
  const [, bucket, query = ""] = /^(\/[^/?]+)\/(\?.*)?$/.exec(request.url ?? "") ?? [];
  const [, scope, names, given] =
    /Credential=[^/]+\/([^,]+), ?SignedHeaders=([^,]+), ?Signature=(\w+)/.exec(request.headers.authorization ?? "") ??
    [];
  if (bucket === undefined || scope === undefined || names === undefined || given === undefined) return;
  const sign = (path: string): string => signature(request, { scope, names, path, query }, secretKey);
  if (sign(`${bucket}/`) !== given) return;
  request.headers.authorization = request.headers.authorization?.replace(given, sign(bucket));
  request.url = bucket + query;
}

interface Signed {
  readonly scope: string;
  readonly names: string;
  readonly path: string;
  readonly query: string;
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
function signature(request: IncomingMessage, { scope, names, path, query }: Signed, secretKey: string): string {
  const { headers, method = "" } = request;
  const header = (name: string): string => String(headers[name]);
  const parameters = [...new URLSearchParams(query)].map((pair) => pair.map(encodeURIComponent).join("=")).sort();
  const signed = names.split(";").map((name) => `${name}:${header(name)}\n`);
  const body = header("x-amz-content-sha256");
  const asked = [method, path, parameters.join("&"), signed.join(""), names, body].join("\n");
  const hash = createHash("sha256").update(asked).digest("hex");
  const text = ["AWS4-HMAC-SHA256", header("x-amz-date"), scope, hash].join("\n");
  const key = scope.split("/").reduce<string | Buffer>((before, part) => hmac(before, part), `AWS4${secretKey}`);
  return hmac(key, text).toString("hex");
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
