import type { Architecture } from "@isthmus/core";
import { checksumsOf, checksumsUrl, defaultVersion } from "@isthmus/k3s";
import { MissingError } from "../exit.ts";

type Checksums = Readonly<Partial<Record<Architecture, string>>>;

const answerWithinMilliseconds = 15_000;

/** Architectures of which Isthmus states no checksum of the version that a new site gets. */
export function unstated(architectures: readonly Architecture[]): readonly Architecture[] {
  const stated = checksumsOf({ version: defaultVersion, checksums: {} }).architectures.map((one) => one.architecture);
  return [...new Set(architectures)].filter((one) => !stated.includes(one));
}

/**
 * What a stack file has to state of k3s' binaries: as given, else as their publisher says, over TLS.
 * @throws {MissingError} if the publisher is not reached, or names no such file.
 */
export async function checksumsFor(
  architectures: readonly Architecture[],
  given: Checksums,
  get: (url: string) => Promise<string> = download,
): Promise<Checksums> {
  const needed = unstated(architectures).filter((one) => given[one] === undefined);
  const found = await Promise.all(needed.map(async (one) => [one, await published(one, get)] as const));
  return { ...given, ...Object.fromEntries(found) };
}

async function published(architecture: Architecture, get: (url: string) => Promise<string>): Promise<string> {
  const url = checksumsUrl(defaultVersion, architecture);
  const file = architecture === "amd64" ? "k3s" : `k3s-${architecture}`;
  const byHand = `Give its line ${file} yourself: --checksum ${architecture}=SHA256`;
  let text: string;
  try {
    text = await get(url);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new MissingError(
      `What k3s for ${architecture} must be is asked of ${url}, which is not reached (${why}). ${byHand}`,
    );
  }
  const digest = text
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .find(([, name]) => name === file)?.[0];
  if (digest !== undefined && /^[0-9a-f]{64}$/.test(digest)) return digest;
  throw new MissingError(`${url} has no line for ${file}. ${byHand}`);
}

async function download(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(answerWithinMilliseconds) });
  if (!response.ok) throw new Error(`it answers ${String(response.status)}`);
  return response.text();
}
