import assert from "node:assert/strict";
import type { Json, KubernetesObject } from "../kubernetes.ts";
import { isCron } from "./cron.ts";
import type { Beside } from "./demand.ts";
import { demands, refusals } from "./index.ts";

const object = ([apiVersion, kind]: readonly [string, string], more: Json, metadata: Json = {}): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name: "main", namespace: "metallb", ...metadata },
  ...more,
});

const beside: Beside = {
  all: [
    object(
      ["metallb.io/v1beta1", "IPAddressPool"],
      { spec: { addresses: ["10.0.0.10-10.0.0.19"] } },
      { name: "other" },
    ),
    object(["longhorn.io/v1beta2", "BackupTarget"], { spec: { backupTargetURL: "s3://taken@x/" } }, { name: "other" }),
    object(["v1", "Secret"], { stringData: { AWS_CERT: "tidy", other: " untidy " } }, { name: "tidy" }),
    object(
      ["v1", "Secret"],
      { stringData: { AWS_CERT: "certificate\n", AWS_ACCESS_KEY_ID: " key" } },
      { name: "untidy" },
    ),
  ],
  namespaceOf: () => "metallb",
};

const of =
  (apiVersion: string, kind: string, fine: Json) =>
  (spec: Json = {}, metadata: Json = {}): KubernetesObject =>
    object([apiVersion, kind], { spec: { ...fine, ...spec } }, metadata);

const pool = of("metallb.io/v1beta1", "IPAddressPool", {
  addresses: ["10.0.1.0/24", "10.0.2.1-10.0.2.9", "fd00::/120"],
});
const advertisement = of("metallb.io/v1beta1", "L2Advertisement", { ipAddressPools: ["a", "b"] });
const certificate = of("cert-manager.io/v1", "Certificate", {
  secretName: "main-tls",
  dnsNames: ["a.example.com"],
  ipAddresses: ["127.0.0.1", "::1"],
  issuerRef: { group: "cert-manager.io", kind: "ClusterIssuer", name: "internal" },
  duration: "2160h",
  renewBefore: "30m0s",
  privateKey: { algorithm: "ECDSA", size: 256 },
});
const issuer = of("cert-manager.io/v1", "ClusterIssuer", {});
const solver = { dns01: { cloudflare: { apiTokenSecretRef: { name: "token", key: "api-token" } } } };
const acme = (more: Json) =>
  issuer({
    acme: { server: "https://acme.example.com", privateKeySecretRef: { name: "a" }, solvers: [solver], ...more },
  });
const target = of("longhorn.io/v1beta2", "BackupTarget", {
  backupTargetURL: "s3://bucket@region/",
  credentialSecret: "tidy",
});
const job = of("longhorn.io/v1beta2", "RecurringJob", {
  task: "backup",
  cron: "0 1 * * *",
  retain: 14,
  groups: ["default"],
  labels: {},
});
const cluster = of("postgresql.cnpg.io/v1", "Cluster", {
  instances: 3,
  imageName: "ghcr.io/cloudnative-pg/postgresql:18.4-standard-trixie",
  storage: { size: "20Gi" },
  bootstrap: { initdb: { database: "app", owner: "app" } },
  resources: { requests: { memory: "512Mi" }, limits: { memory: "0.5Gi" } },
  postgresql: { pg_hba: ["hostnossl all all all reject"], synchronous: { number: 1, failoverQuorum: true } },
  affinity: { tolerations: [{ key: "a", operator: "Exists" }] },
  plugins: [{ name: "a", isWALArchiver: true }, { name: "b" }],
});
const scheduled = of("postgresql.cnpg.io/v1", "ScheduledBackup", { schedule: "0 0 2 * * *", method: "plugin" });
const alert = { alert: "A", expr: "up == 0", for: "5m", labels: { severity: "page" }, annotations: { summary: "a" } };
const rules = of("monitoring.coreos.com/v1", "PrometheusRule", {
  groups: [{ name: "a", interval: "1m", rules: [alert, { record: "site:up:sum", expr: "sum(up)" }] }],
});
const rule = (one: Json) => rules({ groups: [{ name: "a", rules: [one] }] });

const fine = [
  pool(),
  advertisement(),
  certificate(),
  issuer({ ca: { secretName: "a" } }),
  issuer({ selfSigned: {} }),
  acme({}),
  target(),
  job(),
  cluster(),
  scheduled(),
  rules(),
];

const refused: readonly [string, KubernetesObject, RegExp][] = [
  ["a pool in another namespace", pool({}, { namespace: "default" }), /resource must be created in metallb namespace/],
  ["a pool without addresses", pool({ addresses: [] }), /pool has no prefixes defined/],
  ["a pool of no address", pool({ addresses: ["no-address"] }), /invalid CIDR "no-address"/],
  ["a range from high to low", pool({ addresses: ["10.0.1.9-10.0.1.1"] }), /invalid CIDR/],
  ["a range across families", pool({ addresses: ["10.0.1.9-fd00::1"] }), /invalid CIDR/],
  ["a pool within another", pool({ addresses: ["10.0.0.12/32"] }), /CIDR "10\.0\.0\.12\/32" overlaps/],
  ["a pool that overlaps with itself", pool({ addresses: ["10.0.1.0/24", "10.0.1.9-10.0.1.10"] }), /overlaps/],
  [
    "a pool of some Services",
    pool({ serviceAllocation: {} }),
    /nobody has read what it demands of spec\.serviceAllocation/,
  ],
  [
    "a pool that is announced twice",
    advertisement({ ipAddressPools: ["a", "a"] }),
    /duplicate definition of ipAddressPools "a"/,
  ],
  ["an announcement from some nodes", advertisement({ nodeSelectors: [] }), /nobody has read .* spec\.nodeSelectors/],
  ["a certificate that is kept nowhere", certificate({ secretName: "" }), /spec\.secretName/],
  [
    "a certificate of a strange issuer",
    certificate({ issuerRef: { name: "a", kind: "Other" } }),
    /must be one of Issuer or ClusterIssuer/,
  ],
  ["a certificate without names", certificate({ dnsNames: [], ipAddresses: [] }), /at least one of commonName/],
  ["a common name that is too long", certificate({ commonName: "x".repeat(65) }), /spec\.commonName/],
  ["a certificate of no address", certificate({ ipAddresses: ["10.0.0"] }), /invalid IP address 10\.0\.0/],
  ["a curve that is none", certificate({ privateKey: { algorithm: "ECDSA", size: 255 } }), /256, 384, 521/],
  ["an RSA key that is too short", certificate({ privateKey: { size: 1024 } }), /between 2048 and 8192/],
  ["a certificate of half an hour", certificate({ duration: "30m", renewBefore: "10m" }), /greater than 1h0m0s/],
  [
    "a certificate that is renewed before it begins",
    certificate({ duration: "2h", renewBefore: "2h" }),
    /must be greater than renewBefore/,
  ],
  ["a certificate with a keystore", certificate({ keystores: {} }), /nobody has read .* spec\.keystores/],
  ["an issuer of no type", issuer(), /at least one issuer must be configured/],
  [
    "an issuer of two types",
    issuer({ ca: { secretName: "a" }, selfSigned: {} }),
    /may not specify more than one issuer type/,
  ],
  ["an authority without a Secret", issuer({ ca: {} }), /spec\.ca\.secretName/],
  ["an account without a key", acme({ privateKeySecretRef: {} }), /privateKeySecretRef\.name/],
  ["a challenge that nobody solves", acme({ solvers: [{}] }), /no solver type configured/],
  [
    "a token without its key",
    acme({ solvers: [{ dns01: { cloudflare: { apiTokenSecretRef: { name: "a" } } } }] }),
    /name and key are required/,
  ],
  ["an issuer by Vault", issuer({ vault: {} }), /nobody has read .* spec\.vault/],
  ["a target with a capital letter", target({}, { name: "Main" }), /invalid name Main/],
  ["a target by FTP", target({ backupTargetURL: "ftp://a/b" }), /unsupported protocol ftp/],
  ["a target with a comma", target({ backupTargetURL: "s3://a@b/c,d" }), /contains \$ or ,/],
  ["a target that another one has", target({ backupTargetURL: "s3://TAKEN@x/" }), /is the same to backup target other/],
  ["credentials with a line break", target({ credentialSecret: "untidy" }), /invalid trailing newline in AWS_CERT/],
  [
    "credentials with a space",
    target({ credentialSecret: "untidy" }),
    /invalid leading whitespace in AWS_ACCESS_KEY_ID/,
  ],
  ["a job of six fields", job({ cron: "0 0 1 * * *" }), /invalid cron format\(0 0 1 \* \* \*\)/],
  ["a job that nobody knows", job({ task: "restore" }), /task restore is not valid/],
  ["a job that keeps too many", job({ retain: 101 }), /less than or equal to 100/],
  ["a job of a group with a space", job({ groups: ["a b"] }), /invalid group name a b/],
  ["a job with parameters", job({ parameters: { a: "b" } }), /nobody has read .* spec\.parameters/],
  ["a setting", object(["longhorn.io/v1beta2", "Setting"], { value: "1" }), /nobody has read .* value/],
  ["a volume", of("longhorn.io/v1beta2", "Volume", {})(), /nobody has read .* spec/],
  ["a cluster with a dot in its name", cluster({}, { name: "main.one" }), /cluster name must be a valid DNS label/],
  [
    "a cluster that begins in two ways",
    cluster({ bootstrap: { initdb: {}, recovery: {} } }),
    /Only one bootstrap method/,
  ],
  [
    "a database without an owner",
    cluster({ bootstrap: { initdb: { database: "app" } } }),
    /database name and its owner/,
  ],
  [
    "a recovery from nowhere",
    cluster({ bootstrap: { recovery: { source: "archive" } } }),
    /External cluster archive not found/,
  ],
  ["the latest image", cluster({ imageName: "postgresql:latest" }), /invalid version tag/],
  ["an old PostgreSQL", cluster({ imageName: "postgresql:12.1" }), /13 or newer/],
  ["an image by digest alone", cluster({ imageName: `postgresql@sha256:${"0".repeat(64)}` }), /invalid version tag/],
  [
    "more than its limit",
    cluster({ resources: { requests: { memory: "1Gi" }, limits: { memory: "512Mi" } } }),
    /greater than the limit/,
  ],
  ["as many followers as servers", cluster({ instances: 1 }), /must be less than the total number/],
  [
    "a quorum of named standbys",
    cluster({ postgresql: { synchronous: { number: 1, failoverQuorum: true, standbyNamesPre: ["a"] } } }),
    /automatic failover/,
  ],
  ["no size", cluster({ storage: {} }), /Size not configured/],
  ["an affinity that nobody knows", cluster({ affinity: { podAntiAffinityType: "always" } }), /podAntiAffinityType/],
  [
    "a toleration of everything by a value",
    cluster({ affinity: { tolerations: [{ operator: "Exists", value: "a" }] } }),
    /value must be empty/,
  ],
  [
    "two that archive",
    cluster({ plugins: [{ isWALArchiver: true }, { isWALArchiver: true }] }),
    /more than one WAL archiver/,
  ],
  [
    "a line that refers to pods",
    cluster({ postgresql: { pg_hba: ["host all all ${podselector:a} trust"] } }),
    /nobody has read .*podselector/,
  ],
  [
    "parameters of PostgreSQL",
    cluster({ postgresql: { parameters: {} } }),
    /nobody has read .* spec\.postgresql\.parameters/,
  ],
  ["a schedule without seconds", scheduled({ schedule: "0 2 * * *" }), /is no schedule of six fields/],
  ["a backup by snapshots", scheduled({ method: "volumeSnapshot" }), /missing VolumeSnapshot CRD/],
  ["a pooler", of("postgresql.cnpg.io/v1", "Pooler", {})(), /nobody has read .* spec/],
  ["two groups of one name", rules({ groups: [{ name: "a" }, { name: "a" }] }), /"a" is repeated/],
  ["a rule that does both", rule({ ...alert, record: "a" }), /one of 'record' or 'alert' must be set/],
  ["a rule without an expression", rule({ alert: "A" }), /field 'expr' must be set in rule A/],
  ["a recording that waits", rule({ record: "a", expr: "up", for: "5m" }), /invalid field 'for' in recording rule a/],
  ["a recording with a dash", rule({ record: "a-b", expr: "up" }), /invalid recording rule name: a-b/],
  ["a duration in words", rule({ ...alert, for: "soon" }), /not a valid duration string: "soon"/],
  ["a label with a dash", rule({ ...alert, labels: { "a-b": "c" } }), /invalid label name: a-b/],
  ["a rule that is too large", rule({ ...alert, annotations: { a: "x".repeat(600_000) } }), /above the maximum limit/],
  [
    "a configuration of Alertmanager",
    of("monitoring.coreos.com/v1beta1", "AlertmanagerConfig", {})(),
    /nobody has read/,
  ],
  [
    "a kind that has no row",
    of("metallb.io/v1beta2", "BGPPeer", {})(),
    /nobody has read what the webhook of metallb demands of this kind/,
  ],
];

describe("what webhooks demand", () => {
  it("lets pass what is fine, and kinds that no webhook is asked about", () => {
    assert.deepEqual(
      refusals(
        [...fine, of("example.com/v1", "Thing", {})(), of("monitoring.coreos.com/v1", "ServiceMonitor", {})()],
        beside,
      ),
      [],
    );
  });

  for (const [what, one, message] of refused) {
    it(`refuses ${what}`, () => {
      assert.match(refusals([one], beside).join("\n"), message);
    });
  }

  it("has no row that never refuses", () => {
    const idle = demands.filter((row) =>
      refused.every(([, one]) => !row.kinds.includes(one.kind) || row.refuses(one, beside).length === 0),
    );
    assert.deepEqual(
      idle.map(({ chart, demands: sentence }) => `${chart}: ${sentence}`),
      [],
    );
  });

  it("is nothing where the chart is not there", () => {
    assert.deepEqual(refusals([pool({ addresses: [] })], { ...beside, namespaceOf: () => undefined }), []);
  });

  it("has its source in each row, at one version", () => {
    for (const { source } of demands)
      assert.match(source, /^https:\/\/github\.com\/[^/]+\/[^/]+\/blob\/v\d+\.\d+\.\d+\/\S+ \(.+\)$|by rulefmt/);
  });
});

describe("a schedule", () => {
  it("has five fields, or six with seconds, each within its bounds", () => {
    for (const fits of ["0 1 * * *", "*/15 0-6,22 1 JAN-jun MON", "@daily", "@every 1h30m", "? ? ? ? ?"])
      assert.ok(isCron(fits, { seconds: false }), fits);
    for (const no of [
      "",
      "0 1 * *",
      "60 1 * * *",
      "0 24 * * *",
      "0 1 0 * *",
      "0 1 * 13 *",
      "0 1 * * 7",
      "5-1 * * * *",
      "*/0 * * * *",
      "a * * * *",
      "@often",
    ])
      assert.ok(!isCron(no, { seconds: false }), no);
    assert.ok(isCron("0 0 2 * * *", { seconds: true }) && isCron("0 2 * * *", { seconds: true }));
    assert.ok(!isCron("0 0 0 2 * * *", { seconds: true }));
  });
});
