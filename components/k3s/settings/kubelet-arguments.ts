import { quote } from "@isthmus/core";
import { kubeletArguments } from "../files/hardening.ts";
import { defineRule } from "../rules.ts";
import type { ClusterFinding } from "./finding.ts";
import type { K3sSettings } from "./schema.ts";

const kubeletArgumentRule = defineRule({
  id: "kubelet-argument",
  severity: "critical",
  summary: "Arguments of the kubelet undo no hardening, and say nothing that is said elsewhere.",
  fix: "Take it out, or write it where the finding says.",
  docs: "docs/reference/site.md#kubernetes",
});

/** What an argument of the kubelet would undo, told where it does. */
interface Undone {
  readonly when: (value: string) => boolean;
  readonly because: string;
}

const always = (): boolean => true;
const unless =
  (right: string) =>
  (value: string): boolean =>
    value.toLowerCase() !== right.toLowerCase();

const ciphers = (text: string): string[] => text.split(",");
const hardened = new Set(
  ciphers(kubeletArguments.find((one) => one.startsWith("tls-cipher-suites="))?.slice(18) ?? ""),
);

/**
 * Of the CIS profile: `hardening.cis: false` leaves all of it out, and then these are the user's. Section 4.2 of the
 * benchmark as k3s judges itself by it (https://docs.k3s.io/security/self-assessment).
 */
const ofTheProfile: Readonly<Record<string, Undone>> = {
  "protect-kernel-defaults": {
    when: unless("true"),
    because: "lets the kubelet start with kernel settings that are not those of the CIS profile",
  },
  "pod-max-pids": { when: (value) => !(Number(value) > 0), because: "lets one pod use up all process ids of its node" },
  "streaming-connection-idle-timeout": {
    when: (value) => /^0+(ns|us|ms|s|m|h)?$/.test(value),
    because: "keeps connections of `kubectl exec` open for ever",
  },
  "tls-cipher-suites": {
    when: (value) => ciphers(value).some((one) => !hardened.has(one)),
    because: "takes ciphers that are not among those of the CIS profile",
  },
  "tls-min-version": {
    when: (value) => !["VersionTLS12", "VersionTLS13"].includes(value),
    because: "takes versions of TLS that are broken",
  },
  "make-iptables-util-chains": { when: unless("true"), because: "leaves the kubelet's own firewall rules out" },
};

/** How k3s starts every kubelet, hardened or not. Nothing excepts these. */
const ofK3s: Readonly<Record<string, Undone>> = {
  "anonymous-auth": { when: unless("false"), because: "lets anybody who reaches the node ask its kubelet" },
  "authorization-mode": {
    when: unless("Webhook"),
    because: "lets everybody who is known to the kubelet do everything there, run commands in pods included",
  },
  "authentication-token-webhook": { when: unless("true"), because: "has the kubelet take no tokens of the cluster" },
  "client-ca-file": { when: always, because: "has the kubelet trust others than the cluster's own authority" },
  "read-only-port": { when: unless("0"), because: "opens a port without a login, which tells of all pods" },
};

const follows = "follows from how k3s runs the kubelet: another value takes the node out of the cluster";

/** Arguments that are said at another place, or that k3s decides (`kubeletArgsAndConfig` in pkg/daemons/agent/agent_linux.go of k3s). */
const elsewhere: Readonly<Record<string, { readonly because: string; readonly fix: string }>> = {
  "node-ip": { because: "is the node's address", fix: "write it as nodes.<name>.address" },
  "hostname-override": { because: "is the node's name", fix: "give the node that name below nodes" },
  "node-labels": { because: "is said by the nodes", fix: "write them as nodes.<name>.labels" },
  "register-with-taints": { because: "is said by the nodes", fix: "write them as nodes.<name>.taints" },
  "cluster-dns": { because: "is the tenth address of kubernetes.serviceCidr", fix: "take it out" },
  "cluster-domain": {
    because: "is cluster.local, which services' certificates and addresses have",
    fix: "take it out",
  },
  ...Object.fromEntries(
    ["config", "config-dir", "kubeconfig", "cert-dir", "root-dir", "container-runtime-endpoint", "cloud-provider"].map(
      (name) => [name, { because: follows, fix: "take it out" }],
    ),
  ),
};

/** Arguments that undo what is hardened, or that say again, and otherwise, what is said elsewhere. */
export function kubeletFindings({ kubeletArguments: given, hardening }: K3sSettings): readonly ClusterFinding[] {
  return given.flatMap((argument, index) => {
    const said = ofArgument(argument, hardening.cis);
    return said === undefined ? [] : [{ rule: kubeletArgumentRule.id, about: `kubeletArguments.${index}`, ...said }];
  });
}

function ofArgument(argument: string, cis: boolean): Pick<ClusterFinding, "problem" | "fix"> | undefined {
  const name = argument.slice(0, argument.indexOf("="));
  const value = argument.slice(name.length + 1);
  const placed = Object.hasOwn(elsewhere, name) ? elsewhere[name] : undefined;
  if (placed !== undefined) return { problem: `${quote(argument)}: ${name} ${placed.because}`, fix: placed.fix };
  const undone = (table: Readonly<Record<string, Undone>>): Undone | undefined => {
    const found = Object.hasOwn(table, name) ? table[name] : undefined;
    return found?.when(value) === true ? found : undefined;
  };
  const bare = undone(ofK3s);
  if (bare !== undefined) {
    return { problem: `${quote(argument)} ${bare.because}`, fix: "take it out: nothing excepts it" };
  }
  const profile = cis ? undone(ofTheProfile) : undefined;
  if (profile === undefined) return undefined;
  const fix = "take it out; only hardening: { cis: false } leaves the profile out, all of it";
  return { problem: `${quote(argument)} ${profile.because}`, fix };
}
