/** Kubeconfigs: the one that a k3s server would hand out, and what identifies the cluster in one. */
import { createHash } from "node:crypto";
import { parse, stringify } from "yaml";

import { isObject, type Properties, type Value } from "./values.ts";

/** As k3s writes it, for a host; no real key or certificate, the same for the same host. */
export function kubeconfig(host: string): string {
  const made = (what: string): string => createHash("sha256").update(`${what} ${host}`).digest("base64");
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      { name: "default", cluster: { server: `https://${host}:6443`, "certificate-authority-data": made("ca") } },
    ],
    contexts: [{ name: "default", context: { cluster: "default", user: "default" } }],
    "current-context": "default",
    users: [
      { name: "default", user: { "client-certificate-data": made("certificate"), "client-key-data": made("key") } },
    ],
  });
}

/** The cluster entry that a provider with these settings talks to; undefined where the kubeconfig has none. */
export function activeCluster(config: Properties): Properties | undefined {
  const source = config["kubeconfig"];
  if (typeof source !== "string" || source.trim() === "") return undefined;
  const file = parse(source) as Value;
  if (!isObject(file)) return undefined;
  const context = typeof config["context"] === "string" ? config["context"] : file["current-context"];
  const ofContext = named(file["contexts"], context, "context")?.["cluster"];
  const cluster = typeof config["cluster"] === "string" ? config["cluster"] : ofContext;
  return named(file["clusters"], cluster, "cluster");
}

function named(list: Value | undefined, name: Value | undefined, what: string): Properties | undefined {
  if (!Array.isArray(list)) return undefined;
  const entry = (list as readonly Value[]).find((candidate) => isObject(candidate) && candidate["name"] === name);
  const inner = isObject(entry) ? entry[what] : undefined;
  return isObject(inner) ? inner : undefined;
}
