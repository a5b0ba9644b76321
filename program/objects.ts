import { CustomResource, type CustomResourceArgs } from "@pulumi/kubernetes/apiextensions/customResource.js";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap.js";
import { LimitRange } from "@pulumi/kubernetes/core/v1/limitRange.js";
import { Secret } from "@pulumi/kubernetes/core/v1/secret.js";
import { Service } from "@pulumi/kubernetes/core/v1/service.js";
import * as pulumi from "@pulumi/pulumi";
import { writtenByUs } from "./field-manager.ts";

/** A manifest as the SDK takes it, the leaves of its metadata resolved and not its whole. */
export type ObjectArgs = CustomResourceArgs & {
  readonly metadata: { readonly annotations?: Readonly<Record<string, pulumi.Input<string>>> };
};

/** Registers a Kubernetes object from its manifest, references already resolved. */
export function kubernetesObject(
  name: string,
  manifest: ObjectArgs,
  options: pulumi.CustomResourceOptions,
): pulumi.CustomResource {
  const written = { ...manifest, metadata: writtenByUs(manifest.metadata) };
  const { apiVersion, kind, ...rest } = written;
  if (apiVersion !== "v1") return new CustomResource(name, written, options);
  // Kinds of the core API have types without a group, so that each needs its own class.
  switch (kind) {
    case "ConfigMap":
      return new ConfigMap(name, rest, options);
    case "LimitRange":
      return new LimitRange(name, rest, options);
    case "Secret":
      return new Secret(name, withData(rest), options);
    case "Service":
      return new Service(name, rest, options);
    default:
      throw new Error(`a plan has an object of kind ${JSON.stringify(kind)}, which is not registered here yet`);
  }
}

/**
 * A Secret with its values in `data`: the API server removes nothing that came as `stringData` when it is declared no more
 * (https://github.com/kubernetes/kubernetes/issues/108008), and a key that was taken out would be in the cluster for good.
 * Without whitespace before and after them: a PEM text ends in a newline, and some readers refuse that: Longhorn's
 * webhook in each key of a backup target's credentials, HTTP clients in a header. None wants it, and no value of ours means it.
 * https://github.com/longhorn/longhorn-manager/blob/v1.12.1/webhook/resources/backuptarget/validator.go
 */
function withData({ stringData, ...rest }: Record<string, unknown>): Record<string, unknown> {
  if (typeof stringData !== "object" || stringData === null) return rest;
  const data = Object.entries(stringData).map(([key, value]) => [
    key,
    pulumi.output(value).apply((text: unknown) => Buffer.from(String(text).trim(), "utf8").toString("base64")),
  ]);
  return { ...rest, data: Object.fromEntries(data) as unknown };
}
