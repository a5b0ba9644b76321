import assert from "node:assert/strict";
import { getAt, isOpen, isReference, referencesIn } from "@isthmus/core";
import { renderService } from "../../../../tests/kits/proofs/chart-values.ts";
import { itFits } from "../../../../tests/kits/proofs/service-proof.ts";
import { contextOf } from "../../../../tests/kits/proofs/site-facts.ts";
import { monitoring } from "./definition.ts";

const everything = {
  grafana: { hostName: "grafana.site-a.home.arpa", exposure: "public" },
  federation: { reach: { network: "overlay", port: 30030 }, hostName: "metrics.site-a.home.arpa" },
  sites: ["site-b"],
  alerts: { discord: "discordWebhook" },
  etcdMetrics: true,
  replicas: 2,
};
const contextWith = (args: object = {}) => contextOf(monitoring, { args });
const rendered = (args: object = everything) => renderService(monitoring, contextWith(args));
const objects = (args: object = everything) =>
  new Map(rendered(args).objects.map(({ plan, manifest }) => [plan.id, manifest]));
const stack = (args: object = everything) =>
  rendered(args).releases.find(({ plan }) => plan.name === "monitoring")!.values;

describe("monitoring", () => {
  itFits(monitoring, {
    "as it comes": () => contextWith(),
    everything: () => contextWith(everything),
  });

  it("refuses to fetch from a site that there is not", () => {
    const [finding] = monitoring.check!(contextWith({ sites: ["site-b", "site-c"] }));
    assert.equal(finding?.at, "Pulumi.site-a.yaml#/services/monitoring/sites/1");
    assert.match(finding.fix, /site-b/);
  });

  it("brings its CRDs as a release before, and leaves them out of the stack", () => {
    assert.deepEqual(getAt(stack(), "crds"), { enabled: false });
    const plan = rendered().releases.find(({ plan }) => plan.name === "monitoring")!.plan;
    assert.ok(plan.after?.includes("release/monitoring-crds"));
  });

  it("fetches from the other site with its CA and password, all of it once linked", () => {
    const config = objects().get("fetch-site-b");
    assert.deepEqual(getAt(config, "spec.staticConfigs.0.targets"), [{ $peer: "site-b", output: "metrics.endpoint" }]);
    const credentials = getAt(objects().get("fetch-site-b-credentials"), "stringData") as Record<string, unknown>;
    assert.ok(Object.values(credentials).every((value) => isReference(value) && "$peer" in value));
  });

  it("asks for no site what it has from another, and takes alarm at none of it", () => {
    const matches = getAt(objects().get("fetch-site-b"), "spec.params.match[]") as string[];
    assert.ok(matches.every((match) => match.includes('site=""')));
    const groups = getAt(objects().get("isthmus-rules"), "spec.groups") as {
      rules: { alert?: string; expr: string }[];
    }[];
    for (const { alert, expr } of groups.flatMap(({ rules }) => rules)) {
      if (alert !== "SiteConnectivityLost") assert.match(expr, /site=""/);
    }
  });

  it("alarms when the other site cannot be reached, by the job that fetches from it", () => {
    const job = getAt(objects().get("fetch-site-b"), "spec.jobName");
    const text = JSON.stringify(objects().get("isthmus-rules"));
    assert.ok(text.includes(`up{job=\\"${String(job)}\\"} == 0`));
  });

  it("offers others one path, with TLS and a password that stands in no object but its Secret", () => {
    const config =
      String(getAt(objects().get("federation-configuration"), "data")) &&
      JSON.stringify(objects().get("federation-configuration"));
    assert.match(config, /location = \/federate/);
    assert.match(config, /location \/ \{ return 404; \}/);
    assert.ok(referencesIn(objects().get("federation")).every(isOpen));
    assert.deepEqual(monitoring.exports!(contextWith(everything)).metrics, {
      endpoint: "metrics.site-a.home.arpa:30030",
      ca: { $generated: "site-ca", part: "certificate" },
      user: "federation",
      password: { $generated: "monitoring-federation", part: "password" },
    });
    assert.deepEqual(monitoring.exports!(contextWith()), {});
  });

  it("lets others fetch at a port of the nodes, or at an address of its own", () => {
    const entry = (reach: object) => {
      const federation = { reach, hostName: "metrics.site-a.home.arpa" };
      const made = rendered({ ...everything, federation }).objects.find(({ plan }) => plan.id === "federation-address");
      return [getAt(made?.manifest, "spec.type"), getAt(made?.manifest, "spec.ports.0.nodePort")];
    };
    assert.deepEqual(entry({ network: "overlay", port: 30030 }), ["NodePort", 30030]);
    assert.deepEqual(entry({ pool: "private", address: "10.0.20.213" }), ["LoadBalancer", undefined]);
  });

  it("keeps the webhook and passwords out of the charts' values", () => {
    // A fingerprint tells nothing of its password.
    const references = rendered().releases.flatMap(({ values }) => referencesIn(values));
    assert.deepEqual(references, [{ $generated: "monitoring-grafana-admin", part: "fingerprint" }]);
    assert.match(JSON.stringify(getAt(stack(), "alertmanager.config")), /webhook_url_file/);
  });

  it("measures etcd only where it is open, and no k3s part that is not", () => {
    assert.deepEqual(getAt(stack({}), "kubeEtcd"), { enabled: false });
    assert.deepEqual(getAt(stack(), "kubeEtcd.endpoints"), ["10.0.20.11", "10.0.20.12", "10.0.20.13"]);
    assert.doesNotMatch(JSON.stringify(objects({}).get("isthmus-rules")), /EtcdWithoutLeader/);
    for (const part of ["kubeScheduler", "kubeControllerManager", "kubeProxy"]) {
      assert.deepEqual(getAt(stack(), part), { enabled: false });
    }
  });

  it("measures nodes with taints too", () => {
    const exporter = monitoring.footprint(contextWith()).workloads.find(({ name }) => name === "node-exporter")!;
    assert.deepEqual(exporter.runsOn.tolerations, [
      { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" },
    ]);
  });

  it("says plainly when alerts reach nobody", () => {
    assert.match(monitoring.afterwards!(contextWith()).join("\n"), /alerts go nowhere/);
    assert.doesNotMatch(monitoring.afterwards!(contextWith(everything)).join("\n"), /nowhere/);
  });
});
