import type { Answer, Fetch } from "./chart-repositories.ts";

const manifest = "application/vnd.oci.image.manifest.v1+json";

/**
 * Asks for the manifest of a chart's tag, as anybody may; a registry that wants a token hands one out to anybody.
 * Sources: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests and
 * https://distribution.github.io/distribution/spec/auth/token/
 * @param reference `oci://host/path/chart`.
 */
export async function askOciRegistry(reference: string, version: string, get: Fetch): Promise<Answer> {
  const [host = "", ...path] = reference.slice("oci://".length).split("/");
  // A tag has no plus sign; Helm puts an underscore there. Source: helm.sh/helm/v3, pkg/registry/client.go.
  const url = `https://${apiOf(host)}/v2/${path.join("/")}/manifests/${version.replaceAll("+", "_")}`;
  const first = await get(url, { headers: { Accept: manifest } });
  const response = first.status === 401 ? await withToken(url, first, get) : first;
  if (response.ok) return undefined;
  if (response.status === 404) return { problem: "the registry has no such chart in that version" };
  return { problem: `${url} answers ${String(response.status)}` };
}

/** Docker Hub's API has a name of its own. */
const apiOf = (host: string): string => (host === "docker.io" ? "registry-1.docker.io" : host);

async function withToken(url: string, refused: Response, get: Fetch): Promise<Response> {
  const wanted = refused.headers.get("www-authenticate") ?? "";
  const parts = new Map([...wanted.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = "", value = ""]) => [key, value]));
  const realm = parts.get("realm");
  if (!/^bearer /i.test(wanted) || realm === undefined) return refused;
  const asking = new URL(realm);
  for (const key of ["service", "scope"]) {
    const value = parts.get(key);
    if (value !== undefined) asking.searchParams.set(key, value);
  }
  const given = await get(asking.href, { headers: {} });
  if (!given.ok) return refused;
  const { token, access_token: access } = (await given.json()) as { token?: string; access_token?: string };
  return get(url, { headers: { Accept: manifest, Authorization: `Bearer ${token ?? access ?? ""}` } });
}
