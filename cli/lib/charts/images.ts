import { asText, isRecord, listAt, mapAt, textAt, type Json, type KubernetesObject } from "./kubernetes.ts";

/** An image that an object names, whoever starts it. */
export interface ImageFacts {
  readonly image: string;
  /** The object. */
  readonly in: string;
}

/** An image with its registry and its version, as a word of a command line or as a value: nothing else looks so. */
const whole = /^(?=[^/]*[.:])[a-z0-9][a-z0-9.:-]*(\/[a-z0-9._-]+)+:[\w][\w.-]*(@sha256:[0-9a-f]{64})?$/;

/**
 * Images of containers, and those that programs are told to start: by custom resources, arguments, environment and ConfigMaps. One that
 * a program knows by itself is not among them.
 */
export function imagesIn(objects: readonly KubernetesObject[]): readonly ImageFacts[] {
  const found = objects
    .filter(({ kind }) => !["CustomResourceDefinition", "PrometheusRule"].includes(kind))
    .flatMap((object) => ofObject(object).map((image) => ({ image, in: `${object.kind} ${object.metadata.name}` })));
  const once = new Map(found.map((one) => [`${one.image} ${one.in}`, one]));
  return [...once.values()].sort((a, b) => (`${a.image} ${a.in}` < `${b.image} ${b.in}` ? -1 : 1));
}

function ofObject(object: KubernetesObject): readonly string[] {
  const own = [textAt(object, "spec", "image"), textAt(object, "spec", "imageName")];
  const configured = object.kind === "ConfigMap" ? Object.values(mapAt(object, "data")) : [];
  return [
    ...own.filter((one) => one !== undefined),
    ...containersIn(object).flatMap(ofContainer),
    ...words(configured),
  ];
}

function containersIn(value: unknown): readonly Json[] {
  if (Array.isArray(value)) return value.flatMap(containersIn);
  if (!isRecord(value)) return [];
  const own = [...listAt(value, "initContainers"), ...listAt(value, "containers")];
  return [...own, ...Object.values(value).flatMap(containersIn)];
}

function ofContainer(container: Json): readonly string[] {
  const { command, args } = container;
  const told = [command, args].flatMap((list): readonly unknown[] => (Array.isArray(list) ? list : []));
  const environment = listAt(container, "env").map(({ value }) => value);
  const own = textAt(container, "image");
  return [...(own === undefined ? [] : [own]), ...words([...told, ...environment])];
}

const words = (values: readonly unknown[]): readonly string[] =>
  values.flatMap((value) => asText(value).split(/[\s=]/)).filter((word) => whole.test(word));
