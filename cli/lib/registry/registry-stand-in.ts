import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What a registry of tests holds and how it behaves. */
export interface StandIn {
  /** Manifests by `repository:tag`. */
  readonly images: Readonly<Record<string, { readonly type: string; readonly body: string }>>;
  /** It wants a token, and gives anybody one. */
  readonly wantsToken?: true;
  /** It knows no HEAD. */
  readonly withoutHead?: true;
  /** It names no digest in its answers. */
  readonly withoutDigestHeader?: true;
  /** It gives something else for a digest than what has it. */
  readonly forged?: true;
  /** Its first answers: too many questions, with how long to wait. */
  readonly tooMany?: { readonly times: number; readonly retryAfter?: string | undefined };
}

export interface LocalRegistry {
  /** `127.0.0.1:port` */
  readonly host: string;
  /** `METHOD path`, each question. */
  readonly asked: string[];
  close(): Promise<void>;
}

export const digestOf = (body: string): string => `sha256:${createHash("sha256").update(body).digest("hex")}`;

/**
 * A registry that keeps to the distribution specification where images are resolved: manifests by tag and digest, with HEAD and GET,
 * 404 with a code, and the token flow. https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md,
 * https://distribution.github.io/distribution/spec/auth/token/
 */
export async function startRegistry(standIn: StandIn): Promise<LocalRegistry> {
  const asked: string[] = [];
  let left = standIn.tooMany?.times ?? 0;
  const server = createServer((request, response) => {
    asked.push(`${request.method ?? ""} ${request.url ?? ""}`);
    if (request.url?.startsWith("/token") === true) {
      giveToken(request, response);
      return;
    }
    if (left > 0) {
      left -= 1;
      const wait = standIn.tooMany?.retryAfter;
      response.writeHead(429, wait === undefined ? {} : { "Retry-After": wait }).end();
      return;
    }
    answer(request, response, standIn);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    host: hostOf(server),
    asked,
    close: () =>
      new Promise(
        (resolve) =>
          void server.close(() => {
            resolve();
          }),
      ),
  };
}

const hostOf = (server: Server): string => `127.0.0.1:${String((server.address() as AddressInfo).port)}`;

/** One for what is asked about, and nothing else. */
function giveToken(request: IncomingMessage, response: ServerResponse): void {
  const { searchParams } = new URL(request.url ?? "", "http://registry");
  const fine = searchParams.get("service") === "stand-in";
  response
    .writeHead(fine ? 200 : 400, { "Content-Type": "application/json" })
    .end(JSON.stringify({ access_token: searchParams.get("scope") }));
}

function answer(request: IncomingMessage, response: ServerResponse, standIn: StandIn): void {
  const [, repository = "", reference = ""] = /^\/v2\/(.+)\/manifests\/([^/]+)$/.exec(request.url ?? "") ?? [];
  const scope = `repository:${repository}:pull`;
  if (standIn.wantsToken && request.headers.authorization !== `Bearer ${scope}`) {
    const realm = `http://${request.headers.host ?? ""}/token`;
    const challenge = `Bearer realm="${realm}",service="stand-in",scope="${scope}"`;
    response.writeHead(401, { "WWW-Authenticate": challenge }).end();
    return;
  }
  if (request.method === "HEAD" && standIn.withoutHead) {
    response.writeHead(405).end();
    return;
  }
  const found = Object.entries(standIn.images).find(
    ([name, { body }]) =>
      name === `${repository}:${reference}` || (name.startsWith(`${repository}:`) && reference === digestOf(body)),
  )?.[1];
  // Who does not say that it takes an index gets none.
  if (found === undefined || !(request.headers.accept ?? "").includes(found.type)) {
    response.writeHead(404).end(JSON.stringify({ errors: [{ code: "MANIFEST_UNKNOWN" }] }));
    return;
  }
  const digest = standIn.withoutDigestHeader ? {} : { "Docker-Content-Digest": digestOf(found.body) };
  const body = standIn.forged && reference.startsWith("sha256:") ? `${found.body} ` : found.body;
  response.writeHead(200, { "Content-Type": found.type, ...digest }).end(request.method === "HEAD" ? undefined : body);
}
