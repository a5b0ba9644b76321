/**
 * `helm.v3.Release`: what a chart would make of its values is not simulated, only the release with its revisions and the CRDs
 * it brings. Sources: pulumi-kubernetes, provider/pkg/provider/helm_release.go, and helm.sh/helm/v3 3.20.2, pkg/action.
 */
import { randomBytes } from "node:crypto";

import {
  Refusal,
  type Call,
  type Checked,
  type Draft,
  type ExistingCall,
  type Failure,
  type Found,
  type ResourceRules,
} from "../contract.ts";
import { touches } from "../diff.ts";
import { text } from "../things.ts";
import { at, textAt, type Properties } from "../values.ts";
import { clusterOf, defaultNamespace, namespaceExists } from "./kubernetes-cluster.ts";
import { silenceWebhook } from "./kubernetes-webhooks.ts";

const DEFAULT_TIMEOUT_SECONDS = 300;

/** One revision, as Helm keeps it in a Secret of its own. */
export interface Revision {
  readonly revision: number;
  readonly status: string;
  /** The chart's values and all else that the release was given. */
  readonly inputs: Properties;
}

export const releaseRules: ResourceRules = {
  required: ["chart"],
  computed: ["status", "resourceNames"],
  check,
  replaces: (change) => touches(change.path, ["name", "namespace"]),
  unsettledBy: (changes) => (changes.length > 0 ? ["status", "resourceNames"] : []),
  create: async (call) => {
    const namespace = text(call.inputs, "namespace");
    if (at(call.inputs, "createNamespace") !== true && !namespaceExists(call, namespace))
      throw new Refusal(`create: failed to create: namespaces "${namespace}" not found`);
    // Whatever the newest revision's status: `availableName` in install.go.
    if (historyOf(call).length > 0) throw new Refusal("cannot re-use a name that is still in use");
    silenceWebhook(call, text(call.inputs, "name"));
    return { id: idOf(call.inputs), outputs: await write(call, "pending-install") };
  },
  update: async (call) => {
    const [last] = historyOf(call);
    // `prepareUpgrade` in upgrade.go.
    if (last === undefined) throw new Refusal(`"${text(call.inputs, "name")}" has no deployed releases`);
    if (last.status.startsWith("pending-"))
      throw new Refusal("another operation (install/upgrade/rollback) is in progress");
    silenceWebhook(call, text(call.inputs, "name"));
    return write(call, "pending-upgrade");
  },
  read,
  delete: async (call) => {
    const released = { ...call, inputs: call.state };
    const name = text(call.state, "name");
    const [last, ...older] = historyOf(released);
    // `Run` in uninstall.go; the provider passes it on.
    if (last === undefined) throw new Refusal(`uninstall: Release not loaded: ${name}: release: not found`);
    keep(released, [{ ...last, status: "uninstalling" }, ...older]);
    await call.halfway?.();
    silenceWebhook(call, name);
    call.world.store.remove(placeOf(released));
  },
};

/** The newest revision, whatever its status: one that was left half made passes for what is there (`Read`, `getRelease`). */
function read(call: ExistingCall): Found | undefined {
  const importing = Object.keys(call.state).length === 0;
  const [namespace = "", name = ""] = call.id.split("/");
  const named = importing ? { ...call, inputs: { namespace, name } } : { ...call, inputs: call.state };
  const [last] = historyOf(named);
  if (last === undefined) return undefined;
  return { id: call.id, inputs: last.inputs, outputs: outputs(last) };
}

/** A release is done in two steps, with the objects between them: a pending revision, then a deployed one. */
async function write(call: Call, pending: "pending-install" | "pending-upgrade"): Promise<Properties> {
  const before = historyOf(call);
  const revision = { revision: (before[0]?.revision ?? 0) + 1, status: pending, inputs: call.inputs };
  keep(call, [revision, ...before]);
  await call.halfway?.();
  const deployed = { ...revision, status: "deployed" };
  keep(call, [deployed, ...before.map((one) => (one.status === "deployed" ? { ...one, status: "superseded" } : one))]);
  return outputs(deployed);
}

function keep(call: Call, revisions: readonly Revision[]): void {
  const [last] = revisions;
  if (last === undefined) return;
  const key = placeOf(call);
  const state = { inputs: last.inputs, outputs: outputs(last), revisions: revisions as unknown as Properties[] };
  call.world.store.put({ key, sameAs: key.join("/"), urn: call.urn, state });
}

/** Newest first. A world that was set up from a state has what the release was, and no history. */
function historyOf(call: Call): readonly Revision[] {
  const state = call.world.store.get(placeOf(call))?.state;
  if (state === undefined) return [];
  const inputs = state["inputs"] as Properties;
  return (state["revisions"] ?? [{ revision: 1, status: "deployed", inputs }]) as unknown as readonly Revision[];
}

function placeOf({ world, inputs }: Call): readonly string[] {
  return ["kubernetes", clusterOf(world), "Release", text(inputs, "namespace"), text(inputs, "name")];
}

const idOf = (inputs: Properties): string => `${text(inputs, "namespace")}/${text(inputs, "name")}`;

function check(draft: Draft): Checked {
  const before = textAt(draft.before, "name");
  const autoname =
    before?.startsWith(`${draft.name}-`) === true ? before : `${draft.name}-${randomBytes(4).toString("hex")}`;
  const timeout = at(draft.inputs, "skipAwait") === true ? {} : { timeout: DEFAULT_TIMEOUT_SECONDS };
  const inputs = { namespace: defaultNamespace(draft.world), name: autoname, ...timeout, ...draft.inputs };
  return { inputs, failures: chartFailures(draft.inputs) };
}

/** The real one downloads the chart here; this one asks for what it would need to find it, and always the same. */
function chartFailures(inputs: Properties): readonly Failure[] {
  const chart = textAt(inputs, "chart");
  if (chart === undefined) return [];
  const findable = /^(oci:\/\/|https?:\/\/|[./])/.test(chart) || at(inputs, "repositoryOpts.repo") !== undefined;
  const isFolder = /^[./]/.test(chart);
  const versioned = isFolder || at(inputs, "version") !== undefined;
  return [
    ...(findable
      ? []
      : [
          {
            property: "chart",
            reason: `chart "${chart}" not found; check the chart name and repository configuration.`,
          },
        ]),
    ...(versioned
      ? []
      : [{ property: "version", reason: `"${chart}" has no version: the newest of the day would be taken` }]),
  ];
}

function outputs({ revision, status, inputs }: Revision): Properties {
  return {
    status: {
      name: text(inputs, "name"),
      namespace: text(inputs, "namespace"),
      chart: text(inputs, "chart").split("/").pop() ?? "",
      version: textAt(inputs, "version") ?? "",
      revision,
      status,
    },
    resourceNames: {},
  };
}
