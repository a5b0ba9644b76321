/** The rules of the simulated packages, without an engine: a stand-in that accepts anything would prove nothing. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createPublicKey, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { CallLog } from "./call-log.ts";
import type { PackageRules } from "./contract.ts";
import { loadExecutor } from "./executor.ts";
import { Faults } from "./faults.ts";
import { kubeconfig } from "./kubeconfig.ts";
import { Service } from "./service.ts";
import { Store } from "./store.ts";
import { contains, isSecret, isUnknown, reveal, secret, textAt, UNKNOWN, type Properties } from "./values.ts";

let folder: string;
let store: Store;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "isthmus-rules-"));
  store = new Store(folder);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function provider(name: string, config: Properties = {}): Promise<Service> {
  const { rules } = (await import(`./rules/${name}.ts`)) as { readonly rules: PackageRules };
  const world = { store, executor: loadExecutor(undefined, undefined), log: new CallLog(folder) };
  const service = new Service({ package: name, rules, faults: new Faults(undefined, folder), world });
  service.configure(config);
  return service;
}

const target = (type: string, name = "x"): { urn: string; type: string; name: string } => ({
  urn: `urn:${name}`,
  type,
  name,
});

/** Checked and made, as the engine does it. */
async function make(
  service: Service,
  type: string,
  inputs: Properties,
): Promise<{ id: string; inputs: Properties; outputs: Properties }> {
  const checked = service.check(target(type), {}, inputs);
  assert.deepEqual(checked.failures, []);
  return { ...(await service.create(target(type), checked.inputs)), inputs: checked.inputs };
}

describe("any simulated provider", () => {
  it("refuses a type and a function that it does not know", async () => {
    for (const name of ["command", "kubernetes", "proxmoxve", "random", "tls"]) {
      const config = {
        endpoint: "e",
        apiToken: "a@b!c=d",
      };
      const service = await provider(name, config);
      const type = name === "kubernetes" ? "kubernetes:core/v1:Nonsense" : `${name}:index/nonsense:Nonsense`;
      assert.throws(
        () => service.check(target(type), {}, {}),
        new RegExp(`simulated ${name} provider has no resource ${type}`),
      );
      assert.throws(() => service.invoke(`${name}:index:nonsense`, {}), /has no function/);
    }
  });

  it("names every required input that is missing", async () => {
    const proxmox = await provider("proxmoxve", { endpoint: "e", apiToken: "a@b!c=d" });
    const { failures } = proxmox.check(target("proxmoxve:download/file:File"), {}, { nodeName: "pve" });
    assert.deepEqual(
      failures.map((failure) => failure.property),
      ["datastoreId", "contentType", "url"],
    );
  });
});

describe("simulated commands", () => {
  const COMMAND = "command:remote:Command";
  const inputs: Properties = {
    connection: secret({ host: "h" }),
    create: "install",
    stdin: secret("s"),
    triggers: ["1"],
  };
  const paths = (service: Service, after: Properties): readonly string[] =>
    service.diff(target(COMMAND), inputs, after).replaces;

  it("replace on a trigger alone; a connection, a script and an input only update", async () => {
    const service = await provider("command");
    assert.deepEqual(paths(service, { ...inputs, triggers: ["2"] }), ["triggers.0"]);
    assert.deepEqual(paths(service, { ...inputs, triggers: [UNKNOWN] }), ["triggers.0"]);
    assert.deepEqual(paths(service, { ...inputs, connection: secret({ host: "i" }), create: "other", stdin: "t" }), []);
  });

  it("leave their output unknown in preview when the script changes, and known when only its input does", async () => {
    const service = await provider("command");
    const before = { inputs, state: { ...inputs, stdout: "old", stderr: "" } };
    assert.equal(service.previewUpdate(target(COMMAND), { ...inputs, stdin: "t" }, before)["stdout"], "old");
    assert.ok(isUnknown(service.previewUpdate(target(COMMAND), { ...inputs, create: "other" }, before)["stdout"]));
  });

  it("run `create` again where there is no `update`, and keep their connection secret", async () => {
    const service = await provider("command");
    const made = await make(service, COMMAND, { ...inputs, connection: { host: "h" } });
    assert.ok(isSecret(made.outputs["connection"]));
    const before = { inputs: made.inputs, state: made.outputs };
    const again = await service.update({ ...target(COMMAND), id: made.id }, { ...made.inputs, stdin: "other" }, before);
    assert.match(textAt(again, "stdout") ?? "", /^done /);
    assert.notEqual(again["stdout"], made.outputs["stdout"]);
    const updated = await service.update(
      { ...target(COMMAND), id: made.id },
      { ...made.inputs, update: "cat k3s.yaml" },
      before,
    );
    assert.match(textAt(updated, "stdout") ?? "", /server: https:\/\/h:6443/);
  });

  it("refuse a missing host and an unknown kind of logging", async () => {
    const service = await provider("command");
    const failures = (given: Properties): readonly string[] =>
      service.check(target(COMMAND), {}, given).failures.map((failure) => failure.property);
    assert.deepEqual(failures({}), ["connection"]);
    assert.deepEqual(failures({ connection: secret({ user: "root" }), logging: "some" }), [
      "connection.host",
      "logging",
    ]);
    assert.deepEqual(failures({ connection: UNKNOWN }), []);
  });
});

describe("a simulated cluster", () => {
  const RELEASE = "kubernetes:helm.sh/v3:Release";
  const cluster = (settings: Properties = {}): Promise<Service> =>
    provider("kubernetes", { kubeconfig: kubeconfig("h"), ...settings });
  const object = (name: string, namespace?: string): Properties => ({
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  });
  const release = (chart: string, values: Properties = {}): Properties => ({
    name: chart,
    chart,
    version: "1.0.0",
    repositoryOpts: { repo: "https://charts.invalid" },
    values,
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

  describe("writes by server-side apply, and so", () => {
    const type = "kubernetes:core/v1:Secret";
    const inputs = (token: string, annotations?: Properties): Properties => ({
      metadata: { name: "s", ...(annotations === undefined ? {} : { annotations }) },
      stringData: { token },
    });
    const ours = { "pulumi.com/patchFieldManager": "isthmus" };
    const upserting = { upsertExistingObjects: true };
    const update = async (service: Service, after: Properties, state: Properties): Promise<Properties> =>
      service.update({ ...target(type), id: "default/s" }, after, { inputs: {}, state });

    it("refuses a value that another writer holds, of which the state does not know", async () => {
      await make(await cluster(upserting), type, inputs("one"));
      await make(await cluster(upserting), type, inputs("one"));
      await assert.rejects(
        make(await cluster(upserting), type, inputs("two")),
        /Apply failed with 2 conflicts: conflict with "pulumi-kubernetes-[0-9a-f]{8}": \.stringData\.token/,
      );
      await make(await cluster({ ...upserting, enablePatchForce: true }), type, inputs("two"));
    });

    it("invents a writer at an import: what was taken up cannot be changed", async () => {
      const service = await cluster();
      await make(service, type, inputs("one"));
      const taken = await service.read({ ...target(type), id: "default/s" }, {}, inputs("one"));
      await assert.rejects(update(service, inputs("two"), taken?.outputs ?? {}), /conflict with/);
    });

    it("goes on under the name that the state or the annotation has", async () => {
      const service = await cluster();
      const made = await make(service, type, inputs("one"));
      await update(service, inputs("two"), made.outputs);
      const named = await make(await cluster({ ...upserting, enablePatchForce: true }), type, inputs("three", ours));
      assert.equal(named.outputs["__fieldManager"], "isthmus");
      await update(service, inputs("four", ours), {});
    });

    it("drops the writer of the state where it is another one by now, and with it what nobody wants any more", async () => {
      const made = await make(await cluster(), type, { ...inputs("one"), immutable: false });
      await update(await cluster({ enablePatchForce: true }), inputs("two", ours), made.outputs);
      const [thing] = store.list();
      assert.deepEqual(Object.keys(thing?.state["managers"] ?? {}), ["isthmus"]);
      assert.equal((thing?.state["inputs"] as Properties)["immutable"], undefined);
    });
  });

  describe("does a release in steps, and", () => {
    const started = async (status: string): Promise<Service> => {
      const service = await cluster();
      await make(service, RELEASE, release("metallb"));
      const [thing] = store.list();
      assert.ok(thing);
      const last = {
        revision: 2,
        status,
        inputs: { ...(thing.state["inputs"] as Properties), values: { half: true } },
      };
      const revisions = [last, { revision: 1, status: "deployed", inputs: thing.state["inputs"] ?? {} }];
      store.put({ ...thing, state: { ...thing.state, revisions } });
      return service;
    };
    const existing = { ...target(RELEASE), id: "default/metallb" };
    const values = { ...release("metallb"), namespace: "default" };

    it("refuses an upgrade while the newest revision is pending, and an install while there is any", async () => {
      for (const status of ["pending-install", "pending-upgrade", "pending-rollback"]) {
        store.list().forEach(({ key }) => store.remove(key));
        const service = await started(status);
        await assert.rejects(
          service.update(existing, values, { inputs: {}, state: {} }),
          /another operation \(install\/upgrade\/rollback\) is in progress/,
        );
        await assert.rejects(make(service, RELEASE, values), /cannot re-use a name that is still in use/);
      }
    });

    it("upgrades from a failed one", async () => {
      const service = await started("failed");
      const outputs = await service.update(existing, values, { inputs: {}, state: {} });
      assert.equal((outputs["status"] as Properties)["revision"], 3);
    });

    it("takes the half-made revision for what is there, in a refresh", async () => {
      const found = await (await started("pending-upgrade")).read(existing, values, values);
      assert.deepEqual(found?.inputs["values"], { half: true });
      assert.equal((found.outputs["status"] as Properties)["status"], "pending-upgrade");
    });
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

describe("a simulated Proxmox cluster", () => {
  const VM = "proxmoxve:index/vmLegacy:VmLegacy";
  const settings = { endpoint: "https://pve:8006/", apiToken: "root@pam!t=0" };

  it("has each VM's number once, on whatever node, and tells VMs of one name", async () => {
    const service = await provider("proxmoxve", settings);
    await make(service, VM, { nodeName: "pve1", vmId: 101, name: "server" });
    await assert.rejects(
      make(service, VM, { nodeName: "pve2", vmId: 101 }),
      /unable to create VM 101: config file already exists/,
    );
    const second = await make(service, VM, { nodeName: "pve1", name: "server" });
    assert.equal(second.outputs["vmId"], 100);
    assert.deepEqual([...store.duplicates().keys()], ["proxmoxve/https://pve:8006//vm/server"]);
  });

  it("replaces a VM for another image, number or node, and not for more memory", async () => {
    const service = await provider("proxmoxve", settings);
    const before: Properties = {
      nodeName: "pve1",
      vmId: 101,
      memory: { dedicated: 1 },
      disks: [{ fileId: "a", size: 1 }],
    };
    const replaces = (after: Properties): readonly string[] =>
      service.diff(target(VM), before, { ...before, ...after }).replaces;
    assert.deepEqual(replaces({ memory: { dedicated: 2 } }), []);
    assert.deepEqual(replaces({ disks: [{ fileId: "a", size: 2 }] }), []);
    assert.deepEqual(replaces({ disks: [{ fileId: "b", size: 1 }] }), ["disks.0.fileId"]);
    assert.deepEqual(replaces({ vmId: 102 }), ["vmId"]);
    assert.deepEqual(replaces({ nodeName: "pve2" }), ["nodeName"]);
    assert.deepEqual(replaces({ nodeName: "pve2", migrate: true }), []);
  });

  it("does not lock a template for a third clone at once", async () => {
    const service = await provider("proxmoxve", settings);
    const clones = [101, 102, 103].map((vmId) => make(service, VM, { nodeName: "pve", vmId, clone: { vmId: 9000 } }));
    const results = await Promise.allSettled(clones);
    assert.deepEqual(results.map((result) => result.status).sort(), ["fulfilled", "fulfilled", "rejected"]);
    assert.match(
      String((results[2] as PromiseRejectedResult).reason),
      /can't lock file .*lock-9000.conf' - got timeout/,
    );
  });

  it("wants a VM's files first, SSH for snippets, and does not download over a file", async () => {
    const service = await provider("proxmoxve", settings);
    const disk = { nodeName: "pve", vmId: 101, disks: [{ importFrom: "local:import/a.qcow2" }] };
    await assert.rejects(make(service, VM, disk), /volume 'local:import\/a.qcow2' does not exist/);
    const file = {
      nodeName: "pve",
      datastoreId: "local",
      contentType: "import",
      url: "https://images.invalid/a.qcow2",
    };
    await make(service, "proxmoxve:download/file:File", file);
    await assert.rejects(make(service, "proxmoxve:download/file:File", file), /already exists/);
    await make(service, VM, disk);
    const snippet = {
      nodeName: "pve",
      datastoreId: "local",
      contentType: "snippets",
      sourceRaw: { data: "d", fileName: "f" },
    };
    await assert.rejects(make(service, "proxmoxve:index/fileLegacy:FileLegacy", snippet), /ssh/);
    const withSsh = await provider("proxmoxve", { ...settings, ssh: JSON.stringify({ username: "root" }) });
    assert.equal((await make(withSsh, "proxmoxve:index/fileLegacy:FileLegacy", snippet)).id, "local:snippets/f");
  });

  it("keeps a protected VM, and knows who may come in", async () => {
    const service = await provider("proxmoxve", settings);
    const made = await make(service, VM, { nodeName: "pve", vmId: 101, protection: true });
    await assert.rejects(service.delete({ ...target(VM), id: made.id }, made.outputs), /protection mode enabled/);
    await assert.rejects(provider("proxmoxve", { endpoint: "e" }), /username and password, or an API token/);
    await assert.rejects(provider("proxmoxve", { endpoint: "e", apiToken: "x" }), /USER@REALM!TOKENID=UUID/);
  });
});

describe("simulated secrets and keys", () => {
  it("are random, and as long and as mixed as asked", async () => {
    const service = await provider("random");
    const password = async (inputs: Properties): Promise<string> => {
      const made = await make(service, "random:index/randomPassword:RandomPassword", inputs);
      assert.ok(isSecret(made.outputs["result"]) && isSecret(made.outputs["bcryptHash"]));
      return textAt(made.outputs, "result") ?? "";
    };
    assert.match(await password({ length: 20, special: false, minNumeric: 20 }), /^[0-9]{20}$/);
    assert.match(await password({ length: 12, special: false, upper: false }), /^[a-z0-9]{12}$/);
    assert.notEqual(await password({ length: 16 }), await password({ length: 16 }));
    const diff = service.diff(target("random:index/randomPassword:RandomPassword"), { length: 16 }, { length: 17 });
    assert.deepEqual(diff.replaces, ["length"]);
  });

  it("hold in a chain that openssl verifies", async () => {
    const service = await provider("tls");
    const key = async (algorithm: string): Promise<Properties> => {
      const { outputs } = await make(service, "tls:index/privateKey:PrivateKey", { algorithm, ecdsaCurve: "P256" });
      assert.ok(contains(outputs["privateKeyPem"], "secret"));
      return reveal(outputs) as Properties;
    };
    const [caKey, serverKey] = [await key("ECDSA"), await key("ED25519")];
    const uses = {
      allowedUses: ["cert_signing"],
      validityPeriodHours: 48,
      isCaCertificate: true,
      subject: { commonName: "CA" },
    };
    const ca = await make(service, "tls:index/selfSignedCert:SelfSignedCert", {
      privateKeyPem: caKey["privateKeyPem"] ?? "",
      ...uses,
    });
    const asked = {
      privateKeyPem: serverKey["privateKeyPem"] ?? "",
      dnsNames: ["vault.example"],
      ipAddresses: ["10.0.0.1"],
    };
    const request = await make(service, "tls:index/certRequest:CertRequest", asked);
    const signed = await make(service, "tls:index/locallySignedCert:LocallySignedCert", {
      certRequestPem: request.outputs["certRequestPem"] ?? "",
      caPrivateKeyPem: caKey["privateKeyPem"] ?? "",
      caCertPem: ca.outputs["certPem"] ?? "",
      allowedUses: ["server_auth"],
      validityPeriodHours: 24,
    });
    const certificate = new X509Certificate(textAt(signed.outputs, "certPem") ?? "");
    assert.equal(certificate.subjectAltName, "DNS:vault.example, IP Address:10.0.0.1");
    assert.ok(certificate.publicKey.equals(createPublicKey(textAt(serverKey, "publicKeyPem") ?? "")));
    writeFileSync(join(folder, "ca.pem"), textAt(ca.outputs, "certPem") ?? "");
    writeFileSync(join(folder, "certificate.pem"), textAt(signed.outputs, "certPem") ?? "");
    const verified = execFileSync("openssl", [
      "verify",
      "-CAfile",
      join(folder, "ca.pem"),
      join(folder, "certificate.pem"),
    ]);
    assert.match(String(verified), /: OK/);
  });
});
