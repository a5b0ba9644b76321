import { z } from "zod";
import { isUnknown } from "@isthmus/core";
import { imagesIn, type ImageUse } from "../../images.ts";
import { kubernetesKind, listAt, releaseType, subject, textAt, type PolicyResource } from "../../resource.ts";
import { decidedByChart, defineRule, fail, notApplicable, pass, unknown, type Outcome } from "../../rule.ts";

const settings = z.strictObject({
  forbiddenTags: z.array(z.string().min(1)).default(["latest"]).describe("Tags that say nothing about the version."),
  allowedImages: z
    .array(z.string().min(1))
    .default([])
    .describe("Images that may do without, as registry/repository: nothing else says what runs."),
});
type Settings = z.output<typeof settings>;

/** Kinds whose content only looks like images: schemas, and files for others. */
const holdNoImages = ["ConfigMap", "CustomResourceDefinition", "Secret"];

export const noLatestImage = defineRule<Settings>({
  id: "no-latest-image",
  summary: "Every image has a digest or a tag that says its version.",
  severity: "high",
  enforcement: "mandatory",
  fix: "Name the version that is meant, as image:tag or image:tag@digest, so that every node runs the same one.",
  docs: "https://kubernetes.io/docs/concepts/containers/images/#image-names",
  settings,
  scope: "resource",
  applies: (resource) => resource.type === releaseType || kubernetesKind(resource) !== undefined,
  check: (resource, context) =>
    resource.type === releaseType ? checkRelease(resource, context.settings) : checkObject(resource, context.settings),
});

function checkRelease(resource: PolicyResource, settings: Settings): readonly Outcome[] {
  const chart = `chart ${textAt(resource.props, "chart") ?? "?"} ${textAt(resource.props, "version") ?? ""}`.trim();
  const { values } = resource.props;
  if (isUnknown(values)) return [unknown("values")];
  if (listAt(resource.props, "valueYamlFiles").length > 0) return [unknown("what valueYamlFiles say")];
  const images = imagesIn("values", values);
  if (images.length === 0) return [decidedByChart(`the values of ${subject(resource)} set no image; ${chart} does`)];
  return images.map((image) => judge(image, { resource, settings, decider: chart }));
}

function checkObject(resource: PolicyResource, settings: Settings): readonly Outcome[] {
  if (holdNoImages.includes(kubernetesKind(resource) ?? "")) return [notApplicable("it runs nothing")];
  const content = Object.entries(resource.props).filter(([key]) => key !== "metadata");
  const images = content.flatMap(([key, value]) => imagesIn(key, value));
  if (images.length === 0) return [notApplicable("it names no image")];
  return images.map((image) => judge(image, { resource, settings, decider: "its operator" }));
}

interface Case {
  readonly resource: PolicyResource;
  readonly settings: Settings;
  /** Who fills in what is not said. */
  readonly decider: string;
}

function judge(image: ImageUse, { resource, settings, decider }: Case): Outcome {
  if (image.unknown) return unknown(image.at);
  if (image.digest !== undefined) return pass;
  if (image.name !== undefined && settings.allowedImages.includes(image.name)) return pass;
  const where = `${subject(resource)}: ${image.at}`;
  const fix = "Name the version that is meant, by a tag or a digest.";
  if (image.tag !== undefined && image.tag !== "") {
    if (!settings.forbiddenTags.includes(image.tag)) return pass;
    const name = image.name === undefined ? "an image" : image.name;
    return fail(`${where} uses ${name} with the tag "${image.tag}", which can be another version on every node`, fix);
  }
  if (image.inParts) return decidedByChart(`${where} leaves the tag to ${decider}`);
  return fail(`${where} uses ${image.name ?? "an image"} without a tag or a digest, which means "latest"`, fix);
}
