/** As `fetch`, without more than is used here: tests stand in for the net. */
export type Fetch = (url: string, options?: RequestInit) => Promise<Response>;

/** Docker Hub's API has a name of its own. */
const apiOf = (host: string): string => (host === "docker.io" ? "registry-1.docker.io" : host);
/** One on this machine is asked without TLS, as Docker and containerd do. */
const schemeOf = (host: string): string => (/^(localhost|127\.\d+\.\d+\.\d+)(:\d+)?$/.test(host) ? "http" : "https");

/** Where a registry's API has the manifest of a tag or a digest. */
export function manifestUrl(host: string, repository: string, reference: string): string {
  return `${schemeOf(host)}://${apiOf(host)}/v2/${repository}/manifests/${reference}`;
}

/**
 * Asks as anybody may; a registry that wants a token hands one out to anybody.
 * Sources: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests and
 * https://distribution.github.io/distribution/spec/auth/token/
 */
export async function askRegistry(
  url: string,
  options: { readonly method?: "GET" | "HEAD"; readonly accept: string },
  get: Fetch,
): Promise<Response> {
  const { method = "GET", accept } = options;
  const first = await get(url, { method, headers: { Accept: accept } });
  if (first.status !== 401) return first;
  const token = await tokenFor(first.headers.get("www-authenticate") ?? "", get);
  return token === undefined
    ? first
    : get(url, { method, headers: { Accept: accept, Authorization: `Bearer ${token}` } });
}

async function tokenFor(challenge: string, get: Fetch): Promise<string | undefined> {
  const parts = new Map([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = "", value = ""]) => [key, value]));
  const realm = parts.get("realm");
  if (!/^bearer /i.test(challenge) || realm === undefined) return undefined;
  const asking = new URL(realm);
  for (const key of ["service", "scope"]) {
    const value = parts.get(key);
    if (value !== undefined) asking.searchParams.set(key, value);
  }
  const given = await get(asking.href, { headers: {} });
  if (!given.ok) return undefined;
  const { token, access_token: access } = (await given.json()) as { token?: string; access_token?: string };
  return token ?? access ?? "";
}
