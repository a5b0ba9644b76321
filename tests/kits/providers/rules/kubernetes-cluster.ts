/** One simulated cluster: the one that the provider's kubeconfig points at. */
import { Refusal, type Call, type World } from "../contract.ts";
import { activeCluster } from "../kubeconfig.ts";
import { isObject, textAt, type Properties } from "../values.ts";

/** They are there from the start; the last four are k3s' own. */
const FIRST_NAMESPACES: ReadonlySet<string> = new Set(["default", "kube-system", "kube-public", "kube-node-lease"]);

/** The server's address, which tells clusters apart in the store. */
export function clusterOf(world: World): string {
  const server = textAt(activeCluster(world.config) ?? {}, "server");
  if (server === undefined) {
    throw new Refusal(
      "configured Kubernetes cluster is unreachable: unable to load Kubernetes client configuration from kubeconfig",
    );
  }
  return server;
}

export function defaultNamespace(world: World): string {
  return textAt(world.config, "namespace") ?? "default";
}

export function namespaceExists(call: Call, namespace: string): boolean {
  const place = ["kubernetes", clusterOf(call.world), "core.Namespace", "", namespace];
  return FIRST_NAMESPACES.has(namespace) || call.world.store.get(place) !== undefined;
}

export function requireNamespace(call: Call, namespace: string): void {
  if (!namespaceExists(call, namespace)) throw new Refusal(`namespaces "${namespace}" not found`);
}

/** What was declared for each thing of a kind. */
export function declared(call: Call, kind: string): readonly Properties[] {
  const things = call.world.store.list("kubernetes", clusterOf(call.world), kind);
  return things.flatMap((thing) => (isObject(thing.state["inputs"]) ? [thing.state["inputs"]] : []));
}
