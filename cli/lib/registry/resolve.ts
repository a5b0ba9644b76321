import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { askRegistry, manifestUrl, type Fetch } from "./ask.ts";
import { imageReference } from "./image-reference.ts";

/** What a registry says of an image's tag, or why it says nothing. */
export type Resolved =
  | { readonly digest: string; readonly source: string; readonly platforms: readonly string[] }
  | { readonly problem: string };

/** Lists of one image for each platform. https://github.com/opencontainers/image-spec/blob/v1.1.1/image-index.md */
const indexes = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];
const manifests = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];
const accept = [...indexes, ...manifests].join(", ");

const indexShape = z.looseObject({
  manifests: z.array(
    z.looseObject({ platform: z.looseObject({ os: z.string(), architecture: z.string() }).optional() }),
  ),
});

export interface Patience {
  readonly get: Fetch;
  /** How long a registry may ask to wait, in seconds; beyond, it is told. */
  readonly waitAtMost: number;
  readonly wait: (seconds: number) => Promise<unknown>;
}

const answerWithinMilliseconds = 20_000;

/** The net, with an end to each question. */
export const overTheNet: Patience = {
  get: (url, options) => fetch(url, { ...options, signal: AbortSignal.timeout(answerWithinMilliseconds) }),
  waitAtMost: 60,
  wait: (seconds) => sleep(seconds * 1000),
};

/**
 * Asks the registry of an image for the digest of its tag: by HEAD, which is counted as no pull, then for the manifest of that digest,
 * which has to be what the digest is of. https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pull
 */
export async function resolveImage(image: string, patience: Patience): Promise<Resolved> {
  const { host, repository, tag, digest } = imageReference(image);
  const byTag = manifestUrl(host, repository, tag ?? digest ?? "");
  try {
    const head = await ask(byTag, "HEAD", patience);
    // A registry may have no HEAD, and need not name the digest.
    const named = head.ok ? (head.headers.get("docker-content-digest") ?? undefined) : undefined;
    if (!head.ok && head.status !== 405) return { problem: problemOf(head, byTag) };
    const source = named === undefined ? byTag : manifestUrl(host, repository, named);
    const response = await ask(source, "GET", patience);
    if (!response.ok) return { problem: problemOf(response, source) };
    return read(await response.text(), { named, source: byTag, type: response.headers.get("content-type") ?? "" });
  } catch (error) {
    return { problem: `${byTag} cannot be reached: ${reasonOf(error)}` };
  }
}

async function ask(url: string, method: "GET" | "HEAD", patience: Patience): Promise<Response> {
  const response = await askRegistry(url, { method, accept }, patience.get);
  if (response.status !== 429 && response.status !== 503) return response;
  const seconds = secondsToWait(response);
  if (seconds === undefined || seconds > patience.waitAtMost) return response;
  await patience.wait(seconds);
  return askRegistry(url, { method, accept }, patience.get);
}

/** https://www.rfc-editor.org/rfc/rfc9110#field.retry-after: seconds, or a date. */
function secondsToWait(response: Response): number | undefined {
  const text = response.headers.get("retry-after");
  if (text === null) return undefined;
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}

function problemOf(response: Response, url: string): string {
  if (response.status === 404) return "the registry has no such image";
  if (response.status === 401 || response.status === 403)
    return `${url} is not for everybody: it answers ${String(response.status)}`;
  if (response.status === 429) {
    const seconds = secondsToWait(response);
    const when = seconds === undefined ? "later" : `in ${String(Math.ceil(seconds / 60))} minutes`;
    return `the registry was asked too often: ask again ${when}`;
  }
  return `${url} answers ${String(response.status)}`;
}

function read(
  body: string,
  { named, source, type }: { named: string | undefined; source: string; type: string },
): Resolved {
  const digest = `sha256:${createHash("sha256").update(body).digest("hex")}`;
  if (named !== undefined && named !== digest)
    return { problem: `${source} names ${named}, and what it gives has ${digest}: somebody changed it on the way` };
  if (!indexes.includes(type.split(";")[0]?.trim() ?? "")) return { digest, source, platforms: [] };
  const index = indexShape.safeParse(jsonOf(body));
  if (!index.success) return { problem: `${source} gives an index that is none` };
  const platforms = index.data.manifests.flatMap(({ platform }) =>
    // Attestations stand beside the images as ones for no platform.
    platform === undefined || platform.os === "unknown" ? [] : [`${platform.os}/${platform.architecture}`],
  );
  return { digest, source, platforms: [...new Set(platforms)].sort() };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
