/** The simulated cluster: what it takes, refuses and keeps. */
import assert from "node:assert/strict";

import { kubeconfig } from "./kubeconfig.ts";
import { isSecret, reveal, secret, UNKNOWN, type Properties } from "./values.ts";
import { cluster, emptyWorlds, make, provider, RELEASE, release, store, target } from "./rules-under-test.ts";

describe("a simulated cluster", () => {
  emptyWorlds();

  const object = (name: string, namespace?: string): Properties => ({
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  });

  /** Somebody waited for the webhook of a release. */
  const answers = async (release: string): Promise<void> => {
    const ISTHMUS_COMMAND = `exec bash -c 'ISTHMUS_SCRIPT=webhook.sh\nRELEASE=${release}\n'`;
    await make(await provider("command"), "command:local:Command", {
      create: "node",
      environment: { ISTHMUS_COMMAND, ISTHMUS_NONE: "" },
    });
  };

  it("refuses what exists, unless the provider upserts", async () => {
    await make(await cluster(), "kubernetes:core/v1:Namespace", object("apps"));
    await assert.rejects(
      make(await cluster(), "kubernetes:core/v1:Namespace", object("apps")),
      /namespaces "apps" already exists/,
    );
    await make(await cluster({ upsertExistingObjects: true }), "kubernetes:core/v1:Namespace", object("apps"));
    assert.equal(store.list().length, 1);
  });

  it("is not another cluster", async () => {
    await make(await cluster(), "kubernetes:core/v1:Namespace", object("apps"));
    await make(await cluster({ kubeconfig: kubeconfig("other") }), "kubernetes:core/v1:Namespace", object("apps"));
    assert.equal(store.list().length, 2);
    await assert.rejects(
      make(await cluster({ kubeconfig: "" }), "kubernetes:core/v1:Namespace", object("apps")),
      /unreachable/,
    );
  });

  it("wants the namespace first, and empties it when it is deleted", async () => {
    const service = await cluster();
    await assert.rejects(
      make(service, "kubernetes:core/v1:ConfigMap", object("a", "apps")),
      /namespaces "apps" not found/,
    );
    await assert.rejects(make(service, RELEASE, { ...release("x"), namespace: "apps" }), /namespaces "apps" not found/);
    const namespace = await make(service, "kubernetes:core/v1:Namespace", object("apps"));
    await make(service, "kubernetes:core/v1:ConfigMap", object("a", "apps"));
    await make(service, "kubernetes:core/v1:ConfigMap", object("a"));
    await service.delete({ ...target("kubernetes:core/v1:Namespace"), id: namespace.id }, namespace.outputs);
    assert.deepEqual(
      store.list().map((thing) => thing.key.slice(2)),
      [["core.ConfigMap", "default", "a"]],
    );
  });

  it("wants the CRD first: the chart that brings it, with the value that makes it", async () => {
    const service = await cluster();
    const issuer = (): Promise<unknown> => make(service, "kubernetes:cert-manager.io/v1:ClusterIssuer", object("ca"));
    await assert.rejects(issuer(), /no matches for kind "ClusterIssuer" in version "cert-manager.io\/v1"/);
    const without = await make(service, RELEASE, release("cert-manager"));
    await assert.rejects(issuer(), /its CRD is not installed/);
    await service.delete({ ...target(RELEASE), id: without.id }, without.outputs);
    await make(service, RELEASE, release("cert-manager", { crds: { enabled: true } }));
    await answers("cert-manager");
    await issuer();
  });

  it("refuses what a webhook has to see until it answers, and again after each change of its release", async () => {
    const service = await cluster();
    const pool = (name: string): Promise<unknown> =>
      make(service, "kubernetes:metallb.io/v1beta1:IPAddressPool", { ...object(name), spec: { addresses: [] } });
    const made = await make(service, RELEASE, release("metallb"));
    await assert.rejects(pool("early"), /failed calling webhook "metallb".*connection refused/);
    await answers("longhorn");
    await assert.rejects(pool("early"), /failed calling webhook/);
    await answers("metallb");
    await pool("first");
    const changed = { ...made.inputs, version: "1.0.1" };
    await service.update({ ...target(RELEASE), id: made.id }, changed, { inputs: made.inputs, state: made.outputs });
    await assert.rejects(pool("second"), /failed calling webhook/);
  });

  it("refuses a backup target whose credentials end in a newline, as Longhorn's webhook does", async () => {
    const service = await cluster();
    await make(service, RELEASE, release("longhorn"));
    await answers("longhorn");
    const credentials = (AWS_CERT: string): Properties => ({
      ...object("keys"),
      stringData: { AWS_CERT, AWS_ENDPOINTS: "" },
    });
    const made = await make(service, "kubernetes:core/v1:Secret", credentials("-----END CERTIFICATE-----\n"));
    const backupTarget = (): Promise<unknown> =>
      make(service, "kubernetes:longhorn.io/v1beta2:BackupTarget", {
        ...object("t"),
        spec: { credentialSecret: "keys" },
      });
    await assert.rejects(backupTarget(), /denied the request: .*invalid trailing newline in AWS_CERT$/);
    await service.delete({ ...target("kubernetes:core/v1:Secret"), id: made.id }, made.outputs);
    await make(service, "kubernetes:core/v1:Secret", credentials("-----END CERTIFICATE-----"));
    await backupTarget();
  });

  it("does not give a release's name twice, and does not uninstall twice", async () => {
    const service = await cluster();
    const made = await make(service, RELEASE, release("metallb"));
    await assert.rejects(make(service, RELEASE, release("metallb")), /cannot re-use a name that is still in use/);
    await service.delete({ ...target(RELEASE), id: made.id }, made.outputs);
    await assert.rejects(service.delete({ ...target(RELEASE), id: made.id }, made.outputs), /release: not found/);
  });

  it("wants a chart that can be found, and its version", async () => {
    const { failures } = (await cluster()).check(target(RELEASE), {}, { chart: "metallb" });
    assert.deepEqual(
      failures.map((failure) => failure.property),
      ["chart", "version"],
    );
    assert.deepEqual((await cluster()).check(target(RELEASE), {}, { chart: "./charts/metallb" }).failures, []);
  });

  it("replaces a Secret whose data changes, unless secrets are mutable, and deletes it first", async () => {
    const type = "kubernetes:core/v1:Secret";
    const [before, after] = [
      { ...object("s"), stringData: { a: "1" } },
      { ...object("s"), stringData: { a: "2" } },
    ];
    const diff = (await cluster()).diff(target(type), before, after);
    assert.deepEqual([diff.replaces, diff.deleteBeforeReplace], [["stringData.a"], true]);
    assert.deepEqual((await cluster({ enableSecretMutable: true })).diff(target(type), before, after).replaces, []);
  });

  it("keeps what a Secret holds secret", async () => {
    const made = await make(await cluster(), "kubernetes:core/v1:Secret", {
      ...object("s"),
      stringData: { a: "canary" },
    });
    assert.ok(isSecret(made.inputs["stringData"]) && isSecret(made.outputs["data"]));
    assert.deepEqual(reveal(made.outputs["data"] ?? null), { a: Buffer.from("canary").toString("base64") });
  });

  it("gives a LoadBalancer an address only where somebody hands out addresses", async () => {
    const service = await cluster();
    const type = "kubernetes:core/v1:Service";
    const balancer = { ...object("web"), spec: { type: "LoadBalancer" } };
    await assert.rejects(make(service, type, balancer), /not allocated an IP address/);
    await make(service, RELEASE, release("metallb"));
    await answers("metallb");
    await make(service, "kubernetes:metallb.io/v1beta1:IPAddressPool", {
      ...object("pool"),
      spec: { addresses: ["10.0.0.200-10.0.0.220"] },
    });
    const made = await make(service, type, balancer);
    assert.deepEqual(made.outputs["status"], { loadBalancer: { ingress: [{ ip: "10.0.0.200" }] } });
  });

  it("makes up a name where none is given, and keeps it", async () => {
    const service = await cluster();
    const first = service.check(target("kubernetes:core/v1:ConfigMap", "notes"), {}, {}).inputs;
    const second = service.check(target("kubernetes:core/v1:ConfigMap", "notes"), first, {}).inputs;
    assert.match(JSON.stringify(first), /"name":"notes-[0-9a-f]{8}"/);
    assert.deepEqual(second, first);
  });

  it("is replaced by its kubeconfig or its identifier, as the real provider decides", async () => {
    const service = await cluster();
    const [mine, other] = [kubeconfig("h"), kubeconfig("other")];
    const replaces = (before: Properties, after: Properties): readonly string[] =>
      service.diffConfig(before, after).replaces;
    assert.deepEqual(replaces({ kubeconfig: mine }, { kubeconfig: mine }), []);
    assert.deepEqual(replaces({ kubeconfig: mine }, { kubeconfig: other }), ["kubeconfig"]);
    assert.deepEqual(replaces({ kubeconfig: mine }, { kubeconfig: secret(UNKNOWN) }), ["kubeconfig"]);
    assert.deepEqual(
      replaces({ kubeconfig: mine, clusterIdentifier: "a" }, { kubeconfig: UNKNOWN, clusterIdentifier: "a" }),
      [],
    );
    assert.deepEqual(
      replaces({ kubeconfig: mine, clusterIdentifier: "a" }, { kubeconfig: mine, clusterIdentifier: "b" }),
      ["clusterIdentifier"],
    );
    assert.deepEqual(replaces({ kubeconfig: mine }, { kubeconfig: mine, clusterIdentifier: "a" }), []);
  });
});
