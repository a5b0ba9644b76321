/** `helm.v3.Release`: opaque. What a chart would make of its values is not simulated, only the release and the CRDs it brings. */
import { randomBytes } from "node:crypto";

import { Refusal, type Call, type Checked, type Draft, type Failure, type ResourceRules } from "../contract.ts";
import { touches } from "../diff.ts";
import { text, thing } from "../things.ts";
import { at, isObject, textAt, type Properties } from "../values.ts";
import { clusterOf, defaultNamespace, namespaceExists } from "./kubernetes-cluster.ts";

const DEFAULT_TIMEOUT_SECONDS = 300;

const base = thing({
  replaceOn: [],
  key: (call) => [
    "kubernetes",
    clusterOf(call.world),
    "Release",
    text(call.inputs, "namespace"),
    text(call.inputs, "name"),
  ],
  id: (call) => `${text(call.inputs, "namespace")}/${text(call.inputs, "name")}`,
  outputs: (call) => ({ status: status(call), resourceNames: {} }),
  taken: () => "cannot re-use a name that is still in use",
  before: (call) => {
    const namespace = text(call.inputs, "namespace");
    const made = at(call.inputs, "createNamespace") === true;
    if (!made && !namespaceExists(call, namespace))
      throw new Refusal(`create: failed to create: namespaces "${namespace}" not found`);
  },
  importKey: (id, call) => ["kubernetes", clusterOf(call.world), "Release", ...id.split("/")],
});

export const releaseRules: ResourceRules = {
  ...base,
  required: ["chart"],
  computed: ["status", "resourceNames"],
  check,
  replaces: (change) => touches(change.path, ["name", "namespace"]),
  unsettledBy: (changes) => (changes.length > 0 ? ["status", "resourceNames"] : []),
  delete: (call) => {
    const place = [
      "kubernetes",
      clusterOf(call.world),
      "Release",
      text(call.state, "namespace"),
      text(call.state, "name"),
    ];
    if (!call.world.store.remove(place)) {
      const name = text(call.state, "name");
      throw new Refusal(`uninstall: Release not loaded: ${name}: release: not found`);
    }
  },
};

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

function status(call: Call): Properties {
  const place = [
    "kubernetes",
    clusterOf(call.world),
    "Release",
    text(call.inputs, "namespace"),
    text(call.inputs, "name"),
  ];
  const former = call.world.store.get(place)?.state["outputs"];
  const revision = isObject(former) ? Number(at(former, "status.revision") ?? 0) : 0;
  return {
    name: text(call.inputs, "name"),
    namespace: text(call.inputs, "namespace"),
    chart: text(call.inputs, "chart").split("/").pop() ?? "",
    version: textAt(call.inputs, "version") ?? "",
    revision: revision + 1,
    status: "deployed",
  };
}
