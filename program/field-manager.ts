import type { Input } from "@pulumi/pulumi";

/**
 * The name under which this program writes fields of Kubernetes objects, the same in every run. Without it the provider makes one
 * up at each create, and what a killed run made, or an older state no longer knows, belongs to somebody else for ever
 * (docs/decisions/0017-one-field-manager.md).
 */
export const fieldManager = "isthmus";

/** Source: pulumi-kubernetes, provider/pkg/metadata/annotations.go (`AnnotationPatchFieldManager`). */
const fieldManagerAnnotation = "pulumi.com/patchFieldManager";

interface Metadata {
  readonly name?: Input<string | undefined>;
  readonly annotations?: Readonly<Record<string, Input<string>>>;
}

/** An object's metadata, with the name of its writer. */
export function writtenByUs<T extends Metadata>(
  metadata: T,
): Omit<T, "annotations"> & { annotations: Record<string, Input<string>> } {
  return { ...metadata, annotations: { ...metadata.annotations, [fieldManagerAnnotation]: fieldManager } };
}
