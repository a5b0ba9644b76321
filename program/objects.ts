import { CustomResource, type CustomResourceArgs } from "@pulumi/kubernetes/apiextensions/customResource.js";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap.js";
import { LimitRange } from "@pulumi/kubernetes/core/v1/limitRange.js";
import { Secret } from "@pulumi/kubernetes/core/v1/secret.js";
import { Service } from "@pulumi/kubernetes/core/v1/service.js";
import type * as pulumi from "@pulumi/pulumi";

/** Registers a Kubernetes object from its manifest, references already resolved. */
export function kubernetesObject(
  name: string,
  manifest: CustomResourceArgs,
  options: pulumi.CustomResourceOptions,
): pulumi.CustomResource {
  const { apiVersion, kind, ...rest } = manifest;
  if (apiVersion !== "v1") return new CustomResource(name, manifest, options);
  // Kinds of the core API have types without a group, so that each needs its own class.
  switch (kind) {
    case "ConfigMap":
      return new ConfigMap(name, rest, options);
    case "LimitRange":
      return new LimitRange(name, rest, options);
    case "Secret":
      return new Secret(name, rest, options);
    case "Service":
      return new Service(name, rest, options);
    default:
      throw new Error(`a plan has an object of kind ${JSON.stringify(kind)}, which is not registered here yet`);
  }
}
