import assert from "node:assert/strict";
import { join } from "node:path";
import { load } from "../../config/load.ts";
import { catalogue } from "../../plan/catalogue.ts";
import { planFleet } from "../../plan/fleet.ts";
import { charts } from "../../plan/pins.ts";
import type { KubernetesObject } from "../../cli/lib/charts/kubernetes.ts";
import { chartWaitedFor } from "../../cli/lib/charts/webhooks/groups.ts";
import { refusals } from "../../cli/lib/charts/webhooks/index.ts";
import { checkObject, withoutCharts, withoutKubernetes } from "../kits/proofs/chart-values.ts";

const loaded = load(join(import.meta.dirname, "../.."), catalogue);
assert.ok("model" in loaded);
const { sites } = planFleet(loaded.model);
const releases = sites.flatMap((site) => site.services.flatMap((plan) => plan.releases));

/**
 * What each chart of ours does at admission, read from its templates at the pinned version (a release that is new here, or
 * raised, is read anew). `fail`: the API server refuses objects while the webhook does not answer.
 */
const admission: Readonly<
  Record<string, { readonly version: string; readonly webhook: "fail" | "none" | { ignored: string } }>
> = {
  // templates/webhooks.yaml: failurePolicy {{ .Values.crds.validationFailurePolicy }}
  metallb: { version: "0.16.1", webhook: "fail" },
  // templates/webhook-validating-webhook.yaml: failurePolicy Fail
  "cert-manager": { version: "v1.21.1", webhook: "fail" },
  // templates/validatingwebhookconfiguration.yaml: values' webhook.validating.failurePolicy, Fail
  "cloudnative-pg": { version: "0.29.0", webhook: "fail" },
  // None in the chart: its manager registers them (longhorn-manager, webhook/server/server.go), with failurePolicy Fail
  longhorn: { version: "1.12.1", webhook: "fail" },
  "plugin-barman-cloud": { version: "0.7.0", webhook: "none" },
  minio: { version: "5.4.0", webhook: "none" },
  "prometheus-operator-crds": { version: "31.0.1", webhook: "none" },
  // templates/hub-admission-controller.yaml: with hub.token only
  traefik: { version: "41.3.0", webhook: "none" },
  // templates/injector-mutating-webhook.yaml: with the injector, which is off
  vault: { version: "0.34.1", webhook: "none" },
  "kube-prometheus-stack": {
    version: "88.5.3",
    webhook: { ignored: "failurePolicy Ignore, as admissionWebhooks.failurePolicy is empty and patch is enabled" },
  },
};

describe("admission webhooks of releases", () => {
  it("are known of every chart, at its pinned version", () => {
    const pinned = Object.values(charts).map(({ name, version }) => [name, version] as const);
    const known = Object.entries(admission).map(([name, { version }]) => [name, version] as const);
    assert.deepEqual(known.toSorted(), pinned.toSorted());
  });

  it("are waited for where the API server refuses objects without them, and nowhere else", () => {
    for (const { name, chart, webhook } of releases) {
      assert.equal(webhook !== undefined, admission[chart.name]?.webhook === "fail", name);
    }
  });

  it("stand in the way of no object of ours before: each comes after its release", () => {
    const held = new Set<string>();
    for (const { instance, objects, releases: own } of sites.flatMap((site) => site.services)) {
      const before = (id: string): readonly string[] => {
        const direct = objects.find((one) => `object/${one.id}` === id)?.after ?? [];
        return [...direct, ...direct.flatMap(before)];
      };
      for (const { id, manifest } of objects) {
        const release = own.find((one) => one.chart.name === chartWaitedFor(manifest));
        // Those of another service come after all of it.
        if (release === undefined) continue;
        assert.ok(before(`object/${id}`).includes(`release/${release.name}`), `${instance} ${id}`);
        held.add(release.chart.name);
      }
    }
    assert.deepEqual([...held].sort(), ["cert-manager", "cloudnative-pg", "longhorn", "metallb"]);
  });

  it("are asked with objects that the table of what they demand refuses", () => {
    for (const { name, namespace, webhook } of releases) {
      if (webhook === undefined) continue;
      const beside = { all: [], namespaceOf: () => namespace };
      assert.equal(refusals([webhook.refused as KubernetesObject], beside).length, 1, name);
    }
  });

  it(
    withoutCharts ??
      withoutKubernetes ??
      "are asked with objects that their kinds' schemas take: only the webhook refuses them",
    function () {
      if (withoutCharts !== undefined || withoutKubernetes !== undefined) this.skip();
      const problems = releases.flatMap(({ webhook }) => (webhook === undefined ? [] : checkObject(webhook.refused)));
      assert.deepEqual(problems, []);
    },
  );
});
