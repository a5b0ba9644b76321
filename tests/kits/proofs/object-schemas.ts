import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isReference, type Manifest } from "@isthmus/core";
import { parseAllDocuments } from "yaml";
import type { KubernetesObject } from "../../../cli/lib/charts/kubernetes.ts";
import { ObjectChecker } from "../../../cli/lib/charts/validity/checker.ts";
import { crdFiles, isRecord, withoutCharts, type Json } from "./chart-data.ts";

const kubernetesDirectory = process.env["ISTHMUS_KUBERNETES"];

/** Why tests that need Kubernetes' own schema are skipped; `undefined` where it is at hand. */
export const withoutKubernetes =
  kubernetesDirectory === undefined
    ? "ISTHMUS_KUBERNETES is not set: it names a folder with openapi-v2-definitions.json of the cluster's version"
    : undefined;

let checker: ObjectChecker | undefined;

/** What is wrong with an object by the schema of its kind: see `ObjectChecker`. References stand for what they will be. */
export function checkObject(manifest: Manifest): readonly string[] {
  checker ??= new ObjectChecker({ definitions: definitions(), crd });
  return checker.problems(standIns(manifest) as KubernetesObject);
}

/** References stand for text that only the deployment knows; what waits for a peer, for the value it then has. */
function standIns(value: unknown): unknown {
  if (isReference(value)) return "$linked" in value ? standIns(value.value) : "known when deployed";
  if (Array.isArray(value)) return value.map(standIns);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, below]) => [key, standIns(below)]));
}

function definitions(): Json {
  const file = join(kubernetesDirectory ?? "", "openapi-v2-definitions.json");
  if (kubernetesDirectory === undefined || !existsSync(file)) return {};
  const read = JSON.parse(readFileSync(file, "utf8")) as Json;
  return isRecord(read["definitions"]) ? read["definitions"] : read;
}

let crdTexts: readonly string[] | undefined;

/** Of all charts that are at hand: only files that may hold it are read as YAML. */
function crd(group: string, kind: string): Json | undefined {
  if (withoutCharts !== undefined) return undefined;
  crdTexts ??= crdFiles().map((file) => readFileSync(file, "utf8"));
  return crdTexts
    .filter((text) => text.includes(`group: ${group}`) && text.includes(`kind: ${kind}`))
    .flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as unknown))
    .filter(isRecord)
    .find(
      ({ spec }) =>
        isRecord(spec) && spec["group"] === group && isRecord(spec["names"]) && spec["names"]["kind"] === kind,
    );
}
