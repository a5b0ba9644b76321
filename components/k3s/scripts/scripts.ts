import { loadScript, type Script } from "@isthmus/remote/script";

const part = (name: string): URL => new URL(`./parts/${name}.sh`, import.meta.url);
/** What a script is for: it comes last, after the parts that it builds on. */
const entry = (name: string): URL => new URL(`./entry/${name}.sh`, import.meta.url);
const common = [part("answers"), part("common")] as const;
const network = [part("reach"), part("clock")] as const;
const look = [part("programs"), part("neighbours"), part("own-address")] as const;
const lease = [part("votes"), part("lease")] as const;
const service = [...common, ...lease, ...network, part("causes"), part("quorum"), part("readiness")] as const;
const certificates = part("certificates");
const leaving = [part("cordon"), part("members")] as const;
const drain = [part("cordon"), part("drain")] as const;
const release = part("release");
const fixed = part("fixed");
const adoption = [part("findings"), part("settings"), part("adoptable")] as const;
const node = [
  ...service,
  ...drain,
  release,
  part("identity"),
  part("mounts"),
  ...adoption,
  part("pod-network"),
  part("node"),
] as const;

/** The scripts of this package, each with the parts that it builds on. */
export const scripts = {
  preflight: loadScript(
    ...common,
    ...network,
    ...look,
    part("identity"),
    ...adoption,
    part("mounts"),
    release,
    fixed,
    part("vip-interface"),
    entry("preflight"),
  ),
  bootstrap: loadScript(...common, entry("bootstrap")),
  admission: loadScript(...common, ...lease, part("findings"), ...leaving, entry("admission")),
  adopt: loadScript(...common, part("votes"), part("findings"), entry("adopt")),
  nextToken: loadScript(...common, part("token"), entry("next-token")),
  rotateToken: loadScript(...common, ...lease, part("token"), entry("rotate-token")),
  installServer: loadScript(...node, part("token"), fixed, part("ways-back"), entry("install-server")),
  installAgent: loadScript(...node, entry("install-agent")),
  kubeconfig: loadScript(...common, entry("kubeconfig")),
  membership: loadScript(...common, ...lease, ...leaving, part("node-record"), part("labels"), entry("membership")),
  snapshot: loadScript(...common, part("object-store"), entry("snapshot")),
  snapshots: loadScript(...common, part("object-store"), entry("snapshots")),
  storeProbe: loadScript(...common, part("object-store"), entry("store-probe")),
  snapshotToken: loadScript(...common, part("object-store"), entry("snapshot-token")),
  readyToRestore: loadScript(...node, entry("ready-to-restore")),
  leave: loadScript(...common, entry("leave")),
  restartAgent: loadScript(...service, entry("restart-agent")),
  restore: loadScript(...node, part("token"), entry("restore")),
  rotateCertificates: loadScript(...service, certificates, entry("rotate-certificates")),
  certificateState: loadScript(...service, certificates, entry("certificate-state")),
  osUpdates: loadScript(...service, part("packages"), entry("os-updates")),
  makeWay: loadScript(...service, ...drain, entry("make-way")),
  updateOs: loadScript(...common, ...lease, entry("update-os")),
  rebootHost: loadScript(...service, part("packages"), entry("reboot-host")),
  returnToService: loadScript(...service, ...drain, part("packages"), entry("return-to-service")),
  letGo: loadScript(...common, ...lease, entry("let-go")),
  status: loadScript(...common, part("votes"), certificates, part("settings"), entry("status")),
  webhook: loadScript(...common, entry("webhook")),
} as const satisfies Readonly<Record<string, Script>>;
