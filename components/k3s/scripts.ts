import { loadScript, type Script } from "@isthmus/remote/script";

const file = (name: string): URL => new URL(`./scripts/${name}.sh`, import.meta.url);
const common = [file("answers"), file("common")] as const;
const network = [file("reach"), file("clock")] as const;
const look = [file("programs"), file("neighbours"), file("own-address")] as const;
const lease = [file("votes"), file("lease")] as const;
const service = [...common, ...lease, ...network, file("causes"), file("quorum"), file("readiness")] as const;
const certificates = file("certificates");
const leaving = [file("cordon"), file("members")] as const;
const drain = [file("cordon"), file("drain")] as const;
const release = file("release");
const fixed = file("fixed");
const adoption = [file("findings"), file("settings"), file("adoptable")] as const;
const node = [
  ...service,
  ...drain,
  release,
  file("identity"),
  file("mounts"),
  ...adoption,
  file("pod-network"),
  file("node"),
] as const;

/** The scripts of this package, each with the parts that it builds on. */
export const scripts = {
  preflight: loadScript(
    ...common,
    ...network,
    ...look,
    file("identity"),
    ...adoption,
    file("mounts"),
    release,
    fixed,
    file("vip-interface"),
    file("preflight"),
  ),
  genesis: loadScript(...common, file("genesis")),
  admission: loadScript(...common, ...lease, file("findings"), ...leaving, file("admission")),
  adopt: loadScript(...common, file("votes"), file("findings"), file("adopt")),
  nextToken: loadScript(...common, file("token"), file("next-token")),
  rotateToken: loadScript(...common, ...lease, file("token"), file("rotate-token")),
  installServer: loadScript(...node, file("token"), fixed, file("ways-back"), file("install-server")),
  installAgent: loadScript(...node, file("install-agent")),
  kubeconfig: loadScript(...common, file("kubeconfig")),
  membership: loadScript(...common, ...lease, ...leaving, file("node-record"), file("labels"), file("membership")),
  snapshot: loadScript(...common, file("object-store"), file("snapshot")),
  snapshots: loadScript(...common, file("object-store"), file("snapshots")),
  storeProbe: loadScript(...common, file("object-store"), file("store-probe")),
  snapshotToken: loadScript(...common, file("object-store"), file("snapshot-token")),
  readyToRestore: loadScript(...node, file("ready-to-restore")),
  leave: loadScript(...common, file("leave")),
  restartAgent: loadScript(...service, file("restart-agent")),
  restore: loadScript(...node, file("token"), file("restore")),
  rotateCertificates: loadScript(...service, certificates, file("rotate-certificates")),
  certificateState: loadScript(...service, certificates, file("certificate-state")),
  osUpdates: loadScript(...service, file("packages"), file("os-updates")),
  makeWay: loadScript(...service, ...drain, file("make-way")),
  updateOs: loadScript(...common, ...lease, file("update-os")),
  rebootHost: loadScript(...service, file("packages"), file("reboot-host")),
  returnToService: loadScript(...service, ...drain, file("packages"), file("return-to-service")),
  letGo: loadScript(...common, ...lease, file("let-go")),
  status: loadScript(...common, file("votes"), certificates, file("settings"), file("status")),
  webhook: loadScript(...common, file("webhook")),
} as const satisfies Readonly<Record<string, Script>>;
