import { isUnknown, revealed } from "@isthmus/core";
import { isRecord, type Props } from "./resource.ts";
import { nodesOf, pathText, type Node } from "./walk.ts";

/** An image that something names. */
export interface ImageUse {
  /** Where it stands: `values.server.image`. */
  readonly at: string;
  /** `registry/repository`, as far as it is said. */
  readonly name?: string | undefined;
  readonly tag?: string | undefined;
  readonly digest?: string | undefined;
  /** It stands in parts (repository, tag), so that what is missing is filled in by the chart or the operator. */
  readonly inParts: boolean;
  /** A part of it is known only when it is deployed. */
  readonly unknown: boolean;
}

const tagKeys = ["tag", "imageTag", "version"];
const digestKeys = ["digest", "imageDigest", "sha", "sha256"];

/** Every image that `root` names, in the shapes that Kubernetes, charts and operators use. */
export function imagesIn(label: string, root: unknown): readonly ImageUse[] {
  const nodes = nodesOf(root);
  const inParts = new Set(nodes.filter(isImageInParts).map((node) => node.value));
  return nodes.flatMap((node): ImageUse[] => {
    const at = pathText(label, node.keys);
    if (isRecord(node.value)) return inParts.has(node.value) ? fromParts(at, node.value) : [];
    if (node.holder !== undefined && inParts.has(node.holder)) return [];
    if (isWholeImage(node)) return [fromWhole(at, node.value, partsBeside(node))];
    return isLoneTag(node) ? [fromLoneTag(at, node)] : [];
  });
}

/** `registry:5000/repository:tag@digest` in its parts. */
function parseImage(reference: string): { name: string; tag?: string; digest?: string } {
  const [tagged = "", digest] = reference.split("@");
  const colon = tagged.indexOf(":", tagged.lastIndexOf("/") + 1);
  return {
    name: colon < 0 ? tagged : tagged.slice(0, colon),
    ...(colon < 0 ? {} : { tag: tagged.slice(colon + 1) }),
    ...(digest === undefined ? {} : { digest }),
  };
}

function lastKey(node: Node): string {
  return node.keys.findLast((key) => !key.startsWith("[")) ?? "";
}

/** A map such as `{registry, repository, tag}`: under a key that says image, or with keys that say so together. */
function isImageInParts(node: Node): boolean {
  const { value } = node;
  if (!isRecord(value)) return false;
  const says = (key: string) => isSaid(revealed(value[key]));
  if (["repository", "registry", "tag", "digest", "sha", "reference"].some(says) && node.keys.some(isImageWord))
    return true;
  return says("repository") && ["tag", "digest", "sha", "pullPolicy", "imagePullPolicy"].some((key) => key in value);
}

function isImageWord(key: string): boolean {
  return /^(images?|.*Images?)$/.test(key);
}

function isSaid(value: unknown): value is string | number {
  return (typeof value === "string" && value !== "") || typeof value === "number";
}

function fromParts(at: string, parts: Props): ImageUse[] {
  const repository = partOf(parts, ["repository", "image", "reference", "name"]);
  const whole = parseImage(repository ?? "");
  const registry = partOf(parts, ["registry"]);
  const tagged = parseImage(`:${partOf(parts, tagKeys) ?? ""}`); // a tag may carry its digest: 1.2@sha256:…
  const digest = partOf(parts, digestKeys) ?? tagged.digest ?? whole.digest;
  const tag = isSaid(tagged.tag) ? tagged.tag : whole.tag;
  const name = registry === undefined || whole.name === "" ? whole.name : `${registry}/${whole.name}`;
  const unknown = [repository, tag, digest].some(isUnknown);
  if (!unknown && name === "" && tag === undefined && digest === undefined) return [];
  const reads = { ...(name === "" ? {} : { name }), tag: isTemplate(tag) ? undefined : tag, digest };
  return [{ at, ...reads, inParts: true, unknown }];
}

function partOf(parts: Props, keys: readonly string[]): string | undefined {
  const said = keys.map((key) => revealed(parts[key])).find(isSaid);
  return said === undefined ? undefined : String(said);
}

function isWholeImage(node: Node): node is Node & { readonly value: string } {
  if (typeof node.value !== "string" || node.value === "") return false;
  const key = lastKey(node);
  if (["image", "imageName", "containerImage"].includes(key)) return true;
  return key.endsWith("Image") && (isUnknown(node.value) || /[/:@]/.test(node.value));
}

/** Some charts have `image: nginx` with `imageTag: "1.29"` or `tag: "1.29"` beside it. */
function partsBeside(node: Node): { tag?: string | undefined; digest?: string | undefined } {
  const key = lastKey(node);
  const beside = node.holder ?? {};
  const own = key === "image" ? ["tag", "imageTag", "digest", "imageDigest"] : [`${key}Tag`, `${key}Digest`];
  return {
    tag: partOf(
      beside,
      own.filter((name) => /tag$/i.test(name)),
    ),
    digest: partOf(
      beside,
      own.filter((name) => /digest$/i.test(name)),
    ),
  };
}

function fromWhole(
  at: string,
  reference: string,
  beside: { tag?: string | undefined; digest?: string | undefined },
): ImageUse {
  const { name, tag = beside.tag, digest = beside.digest } = parseImage(reference);
  const unknown = [reference, tag, digest].some(isUnknown);
  if (isTemplate(reference)) return { at, inParts: true, unknown };
  return { at, name, tag, digest, inParts: false, unknown };
}

/** A tag that stands by itself, such as `operator: {tag: latest}`: all that can be said of it is the tag. */
function isLoneTag(node: Node): boolean {
  return /^(tag|imageTag|.+ImageTag)$/.test(lastKey(node)) && isSaid(node.value) && !isNamedBeside(node);
}

function isNamedBeside(node: Node): boolean {
  const { holder = {} } = node;
  const key = lastKey(node);
  const images = ["image", ...(key.endsWith("Tag") ? [key.slice(0, -"Tag".length)] : [])];
  return images.some((image) => typeof revealed(holder[image]) === "string");
}

function fromLoneTag(at: string, node: Node): ImageUse {
  const tag = String(node.value);
  return { at, tag: isTemplate(tag) ? undefined : tag, inParts: true, unknown: isUnknown(tag) };
}

/** Text that the chart or a shell fills in. */
function isTemplate(text: string | undefined): boolean {
  return text !== undefined && /\{\{|\$\{|\$\(/.test(text);
}
