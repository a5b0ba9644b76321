import { loadScript, type Script } from "@isthmus/remote/script";

const file = (name: string): URL => new URL(`./scripts/${name}.sh`, import.meta.url);
const common = file("common");

/** The scripts of this package, each with the parts that it builds on. */
export const scripts = {
  preflight: loadScript(file("preflight")),
  genesis: loadScript(common, file("genesis")),
  admission: loadScript(common, file("members"), file("admission")),
  installServer: loadScript(common, file("quorum"), file("node"), file("install-server")),
  installAgent: loadScript(common, file("quorum"), file("node"), file("install-agent")),
  identity: loadScript(common, file("identity")),
  kubeconfig: loadScript(common, file("kubeconfig")),
  membership: loadScript(common, file("members"), file("membership")),
  labels: loadScript(common, file("labels")),
  snapshot: loadScript(common, file("snapshot")),
  snapshots: loadScript(common, file("snapshots")),
  leave: loadScript(common, file("leave")),
  restore: loadScript(common, file("quorum"), file("node"), file("restore")),
  rotateCertificates: loadScript(common, file("quorum"), file("rotate-certificates")),
  status: loadScript(common, file("status")),
} as const satisfies Readonly<Record<string, Script>>;
