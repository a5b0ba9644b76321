import { isRecord, listAt, mapAt, textAt, type Json } from "./kubernetes.ts";

/** The levels of Kubernetes' Pod Security Standards, the strictest first. */
export const podSecurityLevels = ["restricted", "baseline", "privileged"] as const;
export type PodSecurityLevel = (typeof podSecurityLevels)[number];

/** Capabilities that a container may add at level baseline. */
const harmless = new Set([
  "AUDIT_WRITE",
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "MKNOD",
  "NET_BIND_SERVICE",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
]);
/** Kinds of volumes that a pod may have at level restricted. */
const harmlessVolumes = new Set([
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "image",
  "persistentVolumeClaim",
  "projected",
  "secret",
]);
const safeSysctls = new Set([
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.ip_unprivileged_port_start",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.ping_group_range",
  "net.ipv4.ip_local_reserved_ports",
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_intvl",
  "net.ipv4.tcp_keepalive_probes",
]);

/**
 * The strictest level at which a pod is admitted.
 * https://kubernetes.io/docs/concepts/security/pod-security-standards/ (v1.34)
 */
export function podSecurityLevel(spec: Json): PodSecurityLevel {
  const containers = [
    ...listAt(spec, "initContainers"),
    ...listAt(spec, "containers"),
    ...listAt(spec, "ephemeralContainers"),
  ];
  if (!isBaseline(spec, containers)) return "privileged";
  return isRestricted(spec, containers) ? "restricted" : "baseline";
}

function isBaseline(spec: Json, containers: readonly Json[]): boolean {
  const pod = mapAt(spec, "securityContext");
  return (
    !["hostNetwork", "hostPID", "hostIPC"].some((key) => spec[key] === true) &&
    !listAt(spec, "volumes").some((volume) => "hostPath" in volume) &&
    listAt(pod, "sysctls").every(({ name }) => safeSysctls.has(String(name))) &&
    profileIsConfined(pod) &&
    containers.every((container) => {
      const context = mapAt(container, "securityContext");
      return (
        context["privileged"] !== true &&
        added(context).every((capability) => harmless.has(capability)) &&
        listAt(container, "ports").every(({ hostPort }) => hostPort === undefined || hostPort === 0) &&
        (context["procMount"] === undefined || context["procMount"] === "Default") &&
        profileIsConfined(context)
      );
    })
  );
}

function isRestricted(spec: Json, containers: readonly Json[]): boolean {
  const pod = mapAt(spec, "securityContext");
  const volumes = listAt(spec, "volumes").flatMap((volume) => Object.keys(volume).filter((key) => key !== "name"));
  return (
    volumes.every((kind) => harmlessVolumes.has(kind)) &&
    pod["runAsUser"] !== 0 &&
    containers.every((container) => {
      const context = mapAt(container, "securityContext");
      const dropped = mapAt(context, "capabilities")["drop"];
      return (
        context["allowPrivilegeEscalation"] === false &&
        (context["runAsNonRoot"] ?? pod["runAsNonRoot"]) === true &&
        context["runAsUser"] !== 0 &&
        ["RuntimeDefault", "Localhost"].includes(String(seccomp(context) ?? seccomp(pod))) &&
        Array.isArray(dropped) &&
        dropped.includes("ALL") &&
        added(context).every((capability) => capability === "NET_BIND_SERVICE")
      );
    })
  );
}

function added(context: Json): readonly string[] {
  const list = mapAt(context, "capabilities")["add"];
  return Array.isArray(list) ? list.map(String) : [];
}

const seccomp = (context: Json): unknown => mapAt(context, "seccompProfile")["type"];

function profileIsConfined(context: Json): boolean {
  const appArmor = mapAt(context, "appArmorProfile")["type"];
  const selinux = context["seLinuxOptions"];
  const type = textAt(selinux, "type") ?? "";
  return (
    seccomp(context) !== "Unconfined" &&
    appArmor !== "Unconfined" &&
    ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"].includes(type) &&
    (!isRecord(selinux) || (selinux["user"] === undefined && selinux["role"] === undefined))
  );
}
