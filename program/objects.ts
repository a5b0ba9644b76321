import type { Manifest } from "@isthmus/core";
import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource.js";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap.js";
import { Secret } from "@pulumi/kubernetes/core/v1/secret.js";
import { Service } from "@pulumi/kubernetes/core/v1/service.js";
import type * as pulumi from "@pulumi/pulumi";

/** The kinds of the core API that services make; others have a group and need no class of their own. */
const coreKinds = { ConfigMap, Secret, Service } as const;

/** Registers a Kubernetes object from its manifest, references already resolved. */
export function kubernetesObject(
  name: string,
  manifest: Manifest,
  options: pulumi.CustomResourceOptions,
): pulumi.CustomResource {
  if (manifest.apiVersion !== "v1") return new CustomResource(name, manifest, options);
  const kind = manifest.kind as keyof typeof coreKinds;
  const Kind = coreKinds[kind];
  if (!Object.hasOwn(coreKinds, kind)) throw new Error(`objects of kind ${manifest.kind} are not registered here yet: add them to coreKinds`);
  return new Kind(name, manifest as ConstructorParameters<typeof Kind>[1], options);
}
