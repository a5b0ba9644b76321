import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "@isthmus/core";
import { isRecord, type Json } from "../kubernetes.ts";

type Fetch = (url: string) => Promise<Response>;

/** `v1.34.3` of k3s' `v1.34.3+k3s1`: what Kubernetes calls the version that is in it. */
export const kubernetesVersion = (k3s: string): string => k3s.replace(/\+.*$/, "");

const fileOf = (sources: string, version: string): string => join(sources, `kubernetes-${version}.json`);
const addressOf = (version: string): string =>
  `https://raw.githubusercontent.com/kubernetes/kubernetes/${version}/api/openapi-spec/swagger.json`;

/** Kubernetes' own schema, beside the charts: the `definitions` of its OpenAPI v2 document. */
export function readDefinitions(sources: string, version: string): Json {
  const file = fileOf(sources, version);
  if (!existsSync(file))
    throw new UserError(
      `${file} is not there: put ${addressOf(version)} there, or let --pull fetch it with the charts`,
    );
  return definitionsIn(readFileSync(file, "utf8"), file);
}

/** Puts it beside the charts. What is there is of that version and stays. */
export async function pullDefinitions(sources: string, version: string, get: Fetch = fetch): Promise<void> {
  const file = fileOf(sources, version);
  if (existsSync(file)) return;
  const address = addressOf(version);
  const response = await get(address);
  if (!response.ok)
    throw new UserError(`${address} answers ${String(response.status)}: is ${version} a release of Kubernetes?`);
  const text = await response.text();
  definitionsIn(text, address);
  mkdirSync(sources, { recursive: true });
  writeFileSync(file, text);
}

function definitionsIn(text: string, where: string): Json {
  const found: unknown = JSON.parse(text);
  const definitions = isRecord(found) ? found["definitions"] : undefined;
  if (!isRecord(definitions))
    throw new UserError(`${where} is no OpenAPI v2 document of Kubernetes: it has no definitions`);
  return definitions;
}
