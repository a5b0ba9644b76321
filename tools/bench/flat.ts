import { Provider as Proxmox } from "@muhlba91/pulumi-proxmoxve/provider.js";
import { File } from "@muhlba91/pulumi-proxmoxve/download/file.js";
import { FileLegacy } from "@muhlba91/pulumi-proxmoxve/fileLegacy.js";
import { VmLegacy } from "@muhlba91/pulumi-proxmoxve/vmLegacy.js";
import { Provider as CommandProvider } from "@pulumi/command/provider.js";
import { Command as LocalCommand } from "@pulumi/command/local/command.js";
import { Command as RemoteCommand } from "@pulumi/command/remote/command.js";
import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource.js";
import { Deployment } from "@pulumi/kubernetes/apps/v1/deployment.js";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap.js";
import { LimitRange } from "@pulumi/kubernetes/core/v1/limitRange.js";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace.js";
import { Secret } from "@pulumi/kubernetes/core/v1/secret.js";
import { Service } from "@pulumi/kubernetes/core/v1/service.js";
import { Release } from "@pulumi/kubernetes/helm/v3/release.js";
import { Provider as Kubernetes } from "@pulumi/kubernetes/provider.js";
import * as pulumi from "@pulumi/pulumi";
import { Stash } from "@pulumi/pulumi/stash.js";
import { RandomPassword } from "@pulumi/random/randomPassword.js";
import { PrivateKey } from "@pulumi/tls/privateKey.js";
import { SelfSignedCert } from "@pulumi/tls/selfSignedCert.js";
import type { Recorded } from "../../cli/lib/preview/recorder.ts";

type Inputs = Record<string, unknown>;
type Make = new (name: string, inputs: never) => pulumi.Resource;

const classes: Readonly<Record<string, Make>> = {
  "command:local:Command": LocalCommand,
  "command:remote:Command": RemoteCommand,
  "kubernetes:apps/v1:Deployment": Deployment,
  "kubernetes:core/v1:ConfigMap": ConfigMap,
  "kubernetes:core/v1:LimitRange": LimitRange,
  "kubernetes:core/v1:Namespace": Namespace,
  "kubernetes:core/v1:Secret": Secret,
  "kubernetes:core/v1:Service": Service,
  "kubernetes:helm.sh/v3:Release": Release,
  "proxmoxve:download/file:File": File,
  "proxmoxve:index/fileLegacy:FileLegacy": FileLegacy,
  "proxmoxve:index/vmLegacy:VmLegacy": VmLegacy,
  "pulumi:index:Stash": Stash,
  "pulumi:providers:command": CommandProvider,
  "pulumi:providers:kubernetes": Kubernetes,
  "pulumi:providers:proxmoxve": Proxmox,
  "random:index/randomPassword:RandomPassword": RandomPassword,
  "tls:index/privateKey:PrivateKey": PrivateKey,
  "tls:index/selfSignedCert:SelfSignedCert": SelfSignedCert,
};

/** Registers the same resources with the same inputs, without components, order or anything else of ours. */
export function registerFlat(resources: readonly Recorded[]): void {
  for (const { type, name, props } of resources) {
    const inputs = props as Inputs;
    const Known = classes[type];
    if (Known !== undefined) new Known(name, inputs as never);
    else if (type.startsWith("isthmus:")) new pulumi.ComponentResource(type, name, inputs);
    else if (type.startsWith("kubernetes:")) new CustomResource(name, inputs as { apiVersion: string; kind: string });
    else throw new Error(`the bare program of the benchmark does not know ${type}`);
  }
}
