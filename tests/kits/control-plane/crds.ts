import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { isRecord, listAt, objectsIn, textAt, type KubernetesObject } from "../../../cli/lib/charts/kubernetes.ts";
import { crdFiles } from "../proofs/chart-data.ts";
import type { Api } from "./api.ts";

const kindOf = (apiVersion: string, kind: string): string => `${apiVersion.split("/")[0] ?? ""}/${kind}`;

/** The definitions of the kinds that objects are of, from the data of the charts (`ISTHMUS_CHARTS`). */
export function definitionsOf(objects: readonly KubernetesObject[]): readonly KubernetesObject[] {
  const wanted = new Set(objects.map(({ apiVersion, kind }) => kindOf(apiVersion, kind)));
  const found = new Map<string, KubernetesObject>();
  for (const file of crdFiles()) {
    const text = readFileSync(file, "utf8");
    // Reading all of them as YAML takes half a minute.
    if (![...wanted].some((one) => text.includes(`kind: ${one.split("/")[1] ?? ""}`))) continue;
    for (const object of objectsIn(text)) {
      const { group, names } = isRecord(object["spec"]) ? object["spec"] : {};
      const kind = kindOf(String(group), textAt(names, "kind") ?? "");
      if (wanted.has(kind) && !found.has(kind)) found.set(kind, object);
    }
  }
  return [...found.values()];
}

/** Applies definitions and waits until objects of their kinds are taken. */
export async function define(api: Api, definitions: readonly KubernetesObject[]): Promise<void> {
  for (const definition of definitions) await api.apply(definition);
  const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  const names = definitions.map(({ metadata }) => metadata.name);
  const deadline = Date.now() + 60_000;
  for (;;) {
    const items = listAt(await api.get(path), "items");
    const established = items.filter((one) =>
      listAt(one, "status", "conditions").some(({ type, status }) => type === "Established" && status === "True"),
    );
    const ready = new Set(established.map((one) => textAt(one, "metadata", "name")));
    const left = names.filter((name) => !ready.has(name));
    if (left.length === 0) return;
    if (Date.now() > deadline) throw new Error(`never established: ${left.join(", ")}`);
    await sleep(300);
  }
}
