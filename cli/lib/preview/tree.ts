import type { PreviewedSite } from "./document.ts";

type Resource = PreviewedSite["resources"][number];

/** The resources of a site under their parents. Without `whole`, children that have none of their own are counted. */
export function tree({ resources }: PreviewedSite, whole: boolean): string {
  const childrenOf = new Map<string | undefined, Resource[]>();
  for (const resource of resources)
    childrenOf.set(resource.parent, [...(childrenOf.get(resource.parent) ?? []), resource]);
  const lines: string[] = [];
  const visit = (resource: Resource, depth: number): void => {
    const children = childrenOf.get(resource.urn) ?? [];
    const leaves = whole ? [] : children.filter((child) => !childrenOf.has(child.urn) && !isComponent(child));
    const summary = leaves.length === 0 ? "" : `: ${counted(leaves)}`;
    lines.push(`${"  ".repeat(depth + 1)}${resource.name} (${shortType(resource.type)})${summary}`);
    for (const child of children) if (!leaves.includes(child)) visit(child, depth + 1);
  };
  for (const root of childrenOf.get(undefined) ?? []) visit(root, 0);
  return lines.join("\n");
}

function counted(resources: readonly Resource[]): string {
  const types = resources.map((resource) => shortType(resource.type));
  return [...new Set(types)]
    .map((type) => {
      const count = types.filter((other) => other === type).length;
      return count === 1 ? type : `${count} ${type}`;
    })
    .join(", ");
}

const isComponent = (resource: Resource): boolean => resource.type.startsWith("isthmus:");

const shortType = (type: string): string => type.split(":").at(-1) ?? type;
