import { toYaml } from "@isthmus/core";
import type { K3sSettings } from "../settings/schema.ts";

/**
 * What the CIS profile sets, after k3s' hardening guide: https://docs.k3s.io/security/hardening-guide. Kernel settings
 * have to be there before k3s starts, or its kubelet ends at once.
 */
export const admissionFile = "/var/lib/rancher/k3s/server/psa.yaml";
export const auditPolicyFile = "/var/lib/rancher/k3s/server/audit.yaml";
const auditLog = "/var/lib/rancher/k3s/server/logs/audit.log";

export const kernelSettings = `vm.panic_on_oom=0
vm.overcommit_memory=1
kernel.panic=10
kernel.panic_on_oops=1
`;

export const apiServerArguments = [
  "enable-admission-plugins=NodeRestriction,EventRateLimit",
  `admission-control-config-file=${admissionFile}`,
  `audit-log-path=${auditLog}`,
  `audit-policy-file=${auditPolicyFile}`,
  "audit-log-maxage=30",
  "audit-log-maxbackup=10",
  "audit-log-maxsize=100",
  "service-account-extend-token-expiration=false",
];

export const controllerManagerArguments = ["terminated-pod-gc-threshold=100"];

export const kubeletArguments = [
  "pod-max-pids=4096",
  "streaming-connection-idle-timeout=5m",
  `tls-cipher-suites=${[
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
  ].join(",")}`,
];

/** Admission: pod security by default and where not, and how many events a source may make. */
export function admissionConfiguration({ podSecurity, privilegedNamespaces }: K3sSettings["hardening"]): string {
  const level = { "enforce-version": "latest", "audit-version": "latest", "warn-version": "latest" };
  return toYaml({
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "AdmissionConfiguration",
    plugins: [
      {
        name: "PodSecurity",
        configuration: {
          apiVersion: "pod-security.admission.config.k8s.io/v1",
          kind: "PodSecurityConfiguration",
          defaults: { enforce: podSecurity, audit: "restricted", warn: "restricted", ...level },
          exemptions: { namespaces: ["kube-system", ...[...new Set(privilegedNamespaces)].sort()] },
        },
      },
      {
        name: "EventRateLimit",
        configuration: {
          apiVersion: "eventratelimit.admission.k8s.io/v1alpha1",
          kind: "Configuration",
          limits: [{ type: "Server", qps: 5000, burst: 20000 }],
        },
      },
    ],
  });
}

/** Who did what and when, never what was in it: Secrets do not belong in a log. */
export const auditPolicy = toYaml({
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived"],
  rules: [{ level: "Metadata" }],
});

/**
 * Who may come in to the pods of kube-system: others of kube-system, and anybody to what serves the cluster from there.
 * The namespaces of services get theirs from their footprints.
 */
export const networkPolicies = [
  kubeSystemPolicy("within-the-namespace", {}, [
    { from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } } }] },
  ]),
  kubeSystemPolicy("dns", { matchLabels: { "k8s-app": "kube-dns" } }, [
    {
      ports: [
        { port: 53, protocol: "UDP" },
        { port: 53, protocol: "TCP" },
        // Metrics.
        { port: 9153, protocol: "TCP" },
      ],
    },
  ]),
  kubeSystemPolicy("metrics-server", { matchLabels: { "k8s-app": "metrics-server" } }, [{}]),
  kubeSystemPolicy("traefik", { matchLabels: { "app.kubernetes.io/name": "traefik" } }, [{}]),
  kubeSystemPolicy(
    "service-load-balancers",
    { matchExpressions: [{ key: "svccontroller.k3s.cattle.io/svcname", operator: "Exists" }] },
    [{}],
  ),
].join("---\n");

function kubeSystemPolicy(name: string, podSelector: object, ingress: readonly object[]): string {
  return toYaml({
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: `isthmus-${name}`, namespace: "kube-system" },
    spec: { podSelector, policyTypes: ["Ingress"], ingress },
  });
}
