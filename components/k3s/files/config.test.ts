import assert from "node:assert/strict";
import { parse } from "yaml";
import { agentConfig, nodeFiles, registrable, registrationFile, serverConfig, snapshotStoreFile } from "./config.ts";
import { admissionConfiguration, networkPolicies } from "./hardening.ts";
import { kubeVipManifest } from "./kube-vip.ts";
import { registriesFile } from "./registries.ts";
import { agentNode, serverNode, settingsOf } from "../testing.ts";

const server1 = serverNode(1);
const certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const plain = settingsOf({ hardening: { cis: false } });

describe("k3s' config.yaml", () => {
  it("of a server, without the CIS profile, is exactly this", () => {
    assert.equal(
      serverConfig(server1, plain),
      `agent-token-file: /etc/rancher/k3s/agent-token
cluster-cidr: 10.42.0.0/16
disable:
  - servicelb
  - traefik
etcd-snapshot-retention: 28
etcd-snapshot-schedule-cron: 0 */6 * * *
flannel-backend: vxlan
node-ip: 10.0.20.11
node-name: server-1
secrets-encryption: true
service-cidr: 10.43.0.0/16
snapshotter: overlayfs
tls-san:
  - 10.0.20.10
  - 10.0.20.11
token-file: /etc/rancher/k3s/token
write-kubeconfig-mode: "0600"
`,
    );
  });

  it("of an agent holds only what an agent knows", () => {
    assert.equal(
      agentConfig(agentNode(2), settingsOf({ hardening: { cis: false }, kubeletArguments: ["max-pods=150"] })),
      `kubelet-arg:
  - max-pods=150
node-ip: 10.0.20.22
node-name: agent-2
snapshotter: overlayfs
token-file: /etc/rancher/k3s/token
`,
    );
  });

  it("has the CIS profile by default, with the kernel settings that it needs beside it", () => {
    const files = nodeFiles(server1, settingsOf());
    const config = parse(files[0]?.content ?? "") as Record<string, unknown>;
    assert.equal(config["protect-kernel-defaults"], true);
    // Line by line: https://docs.k3s.io/security/hardening-guide, and 4.2.13.
    assert.deepEqual(config["kube-apiserver-arg"], [
      "enable-admission-plugins=NodeRestriction,EventRateLimit",
      "admission-control-config-file=/var/lib/rancher/k3s/server/psa.yaml",
      "audit-log-path=/var/lib/rancher/k3s/server/logs/audit.log",
      "audit-policy-file=/var/lib/rancher/k3s/server/audit.yaml",
      "audit-log-maxage=30",
      "audit-log-maxbackup=10",
      "audit-log-maxsize=100",
      "service-account-extend-token-expiration=false",
    ]);
    assert.deepEqual(config["kube-controller-manager-arg"], ["terminated-pod-gc-threshold=100"]);
    const ciphers = "AES_256_GCM_SHA384 AES_128_GCM_SHA256 CHACHA20_POLY1305".split(" ");
    assert.deepEqual(config["kubelet-arg"], [
      "pod-max-pids=4096",
      "streaming-connection-idle-timeout=5m",
      `tls-cipher-suites=${ciphers.flatMap((one) => [`TLS_ECDHE_ECDSA_WITH_${one}`, `TLS_ECDHE_RSA_WITH_${one}`]).join(",")}`,
    ]);
    assert.deepEqual(
      files.map(({ path, mode, restarts }) => `${mode} ${path}${restarts ? "" : " (no restart)"}`),
      [
        "0600 /etc/rancher/k3s/config.yaml",
        "0644 /etc/sysctl.d/90-kubelet.conf",
        "0600 /var/lib/rancher/k3s/server/psa.yaml",
        "0600 /var/lib/rancher/k3s/server/audit.yaml",
        "0600 /var/lib/rancher/k3s/server/manifests/isthmus-network-policies.yaml (no restart)",
        "0600 /var/lib/rancher/k3s/server/manifests/isthmus-kube-vip.yaml (no restart)",
      ],
    );
    assert.deepEqual(
      nodeFiles(agentNode(1), settingsOf()).map(({ path }) => path),
      ["/etc/rancher/k3s/config.yaml", "/etc/sysctl.d/90-kubelet.conf"],
    );
  });

  it("names the object store for snapshots, and leaves its keys to a file of their own", () => {
    const s3 = { endpoint: "s3.example.org", bucket: "etcd", folder: "site-a" };
    const config = parse(serverConfig(server1, settingsOf({ snapshots: { s3 } }))) as Record<string, unknown>;
    assert.equal(config["etcd-s3"], true);
    assert.equal(config["etcd-s3-folder"], "site-a");
    assert.ok(!Object.keys(config).some((key) => key.includes("key")));
    const keys = snapshotStoreFile({ accessKey: "id", secretKey: "se: cret" });
    assert.equal(keys, `etcd-s3-access-key: id\netcd-s3-secret-key: "se: cret"\n`);
  });

  it("turns k3s' own network policies off where another CNI brings its own", () => {
    const config = parse(serverConfig(server1, settingsOf({ flannel: "none" }))) as Record<string, unknown>;
    assert.deepEqual([config["flannel-backend"], config["disable-network-policy"]], ["none", true]);
  });
});

describe("a node's registration", () => {
  it("says labels, taints and the machine, and restarts nothing when it changes", () => {
    assert.deepEqual(registrationFile(server1, "4f1d"), {
      path: "/etc/rancher/k3s/config.yaml.d/05-registration.yaml",
      mode: "0600",
      content: `node-label:
  - isthmus/machine=4f1d
  - topology.kubernetes.io/zone=pve-1
node-taint:
  - node-role.kubernetes.io/control-plane=:NoSchedule
`,
      restarts: false,
    });
  });

  it("leaves out labels that keep a kubelet from starting", () => {
    const labels = {
      "node-role.kubernetes.io/worker": "true",
      "kubernetes.io/hostname": "a",
      "topology.kubernetes.io/region": "site-a",
      "node.kubernetes.io/instance-type": "pi",
      "example.org/disk": "ssd",
    };
    assert.deepEqual(Object.keys(registrable(labels)), [
      "topology.kubernetes.io/region",
      "node.kubernetes.io/instance-type",
      "example.org/disk",
    ]);
  });
});

describe("files beside the configuration", () => {
  it("the admission rules exempt kube-system and what the site names, once each", () => {
    const hardening = {
      cis: true,
      podSecurity: "restricted" as const,
      privilegedNamespaces: ["longhorn-system", "a", "a"],
    };
    const { plugins } = parse(admissionConfiguration(hardening)) as {
      plugins: [
        { configuration: { defaults: { enforce: string }; exemptions: { namespaces: string[] } } },
        { name: string },
      ];
    };
    assert.equal(plugins[0].configuration.defaults.enforce, "restricted");
    assert.deepEqual(plugins[0].configuration.exemptions.namespaces, ["kube-system", "a", "longhorn-system"]);
    assert.equal(plugins[1].name, "EventRateLimit");
  });

  it("kube-vip answers ARP for the API address, on servers only, and does not touch services", () => {
    const text = kubeVipManifest({ kind: "kube-vip", address: "10.0.20.10", interface: "eth1", image: "a/b:v1" });
    assert.deepEqual(
      text.split("---\n").map((document) => (parse(document) as { kind: string }).kind),
      ["ServiceAccount", "ClusterRole", "ClusterRoleBinding", "DaemonSet"],
    );
    for (const [name, value] of [
      ["address", "10.0.20.10"],
      ["vip_arp", '"true"'],
      ["vip_interface", "eth1"],
      ["cp_enable", '"true"'],
      ["svc_enable", '"false"'],
      ["vip_subnet", '"32"'],
    ] as const) {
      assert.match(text, new RegExp(`- name: ${name}\\n +value: ${value}\\n`));
    }
  });

  it("kube-vip is told its interface by each server itself, unless one is declared: one DaemonSet serves all", () => {
    const text = kubeVipManifest({ kind: "kube-vip", address: "10.0.20.10", image: "a/b:v1" });
    const { spec } = (parse(text.split("---\n").at(-1) ?? "") as { spec: { template: { spec: unknown } } }).spec
      .template;
    const pod = spec as {
      containers: readonly { args: string[]; volumeMounts: unknown }[];
      volumes: readonly { hostPath: { path: string } }[];
    };
    assert.deepEqual(pod.containers[0]?.args, ["manager", "--config-file", "/etc/kube-vip/kube-vip.yaml"]);
    assert.deepEqual(pod.containers[0].volumeMounts, [{ name: "host", mountPath: "/etc/kube-vip", readOnly: true }]);
    assert.equal(pod.volumes[0]?.hostPath.path, "/var/lib/isthmus/kube-vip");
    assert.doesNotMatch(text, /vip_interface/);
    const declared = kubeVipManifest({ kind: "kube-vip", address: "10.0.20.10", interface: "eth1", image: "a/b:v1" });
    assert.doesNotMatch(declared, /config-file|hostPath/);
  });

  it("registries.yaml: nothing, mirrors, names that change, authorities, the embedded mirror, a login", () => {
    const { registries } = settingsOf();
    assert.equal(registriesFile(registries, {}), "");
    assert.equal(
      registriesFile({ ...registries, mirrors: { "docker.io": ["https://mirror.example"] }, embedded: true }, {}),
      `mirrors:\n  "*": {}\n  docker.io:\n    endpoint:\n      - https://mirror.example\n`,
    );
    assert.equal(
      registriesFile(registries, { "ghcr.io": { username: "me", password: "se#cret" } }),
      `configs:\n  ghcr.io:\n    auth:\n      username: me\n      password: se#cret\n`,
    );
    const whole = {
      ...registries,
      mirrors: { "quay.io": ["https://a.example:5000", "https://b.example"], "*": ["https://c.example"] },
      rewrites: { "quay.io": { "^(.*)": "quay/$1" } },
      authorities: { "a.example:5000": certificate },
    };
    assert.equal(
      registriesFile(whole, { "a.example:5000": { username: "me", password: "123" } }),
      `mirrors:
  "*":
    endpoint:
      - https://c.example
  quay.io:
    endpoint:
      - https://a.example:5000
      - https://b.example
    rewrite:
      ^(.*): quay/$1
configs:
  a.example:5000:
    auth:
      username: me
      password: "123"
    tls:
      ca_file: /etc/rancher/k3s/registries/a.example_5000.crt
`,
    );
    const files = nodeFiles(
      agentNode(1),
      settingsOf({ registries: { authorities: whole.authorities, fallback: false } }),
    );
    const authority = files.find(({ path }) => path.endsWith("a.example_5000.crt"));
    assert.deepEqual([authority?.content, authority?.restarts], [certificate, true]);
    assert.match(files[0]?.content ?? "", /^disable-default-registry-endpoint: true$/m);
  });

  it("kube-system lets in who asks for names and metrics, and its own pods, and nobody else", () => {
    const policies = networkPolicies
      .split("---\n")
      .map(
        (text) => parse(text) as { metadata: { namespace: string }; spec: { podSelector: object; ingress: object[] } },
      );
    assert.deepEqual([...new Set(policies.map(({ metadata }) => metadata.namespace))], ["kube-system"]);
    const everywhere = policies.filter(({ spec }) => Object.keys(spec.podSelector).length === 0);
    assert.deepEqual(
      everywhere.map(({ spec }) => spec.ingress),
      [[{ from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } } }] }]],
    );
  });
});
