import { askRegistry, manifestUrl, type Fetch } from "../registry/ask.ts";
import type { Answer } from "./answer.ts";

const manifest = "application/vnd.oci.image.manifest.v1+json";

/**
 * Asks for the manifest of a chart's tag.
 * @param reference `oci://host/path/chart`.
 */
export async function askOciRegistry(reference: string, version: string, get: Fetch): Promise<Answer> {
  const [host = "", ...path] = reference.slice("oci://".length).split("/");
  // A tag has no plus sign; Helm puts an underscore there. Source: helm.sh/helm/v3, pkg/registry/client.go.
  const url = manifestUrl(host, path.join("/"), version.replaceAll("+", "_"));
  const response = await askRegistry(url, { accept: manifest }, get);
  if (response.ok) return undefined;
  if (response.status === 404) return { problem: "the registry has no such chart in that version" };
  return { problem: `${url} answers ${String(response.status)}` };
}
