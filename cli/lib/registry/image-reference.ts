/** An image, as registries are asked for it. */
export interface ImageReference {
  readonly host: string;
  readonly repository: string;
  /** Absent where only a digest is named. */
  readonly tag?: string | undefined;
  /** `sha256:…` */
  readonly digest?: string | undefined;
}

/**
 * `registry:5000/repository:tag@digest` in its parts. What names no registry is Docker Hub's, and what is in nobody's folder there,
 * in `library`. https://github.com/distribution/reference/blob/v0.6.0/normalize.go (splitDockerDomain)
 */
export function imageReference(text: string): ImageReference {
  const [named = "", digest] = text.split("@");
  const colon = named.indexOf(":", named.lastIndexOf("/") + 1);
  const path = colon < 0 ? named : named.slice(0, colon);
  const tag = colon < 0 ? (digest === undefined ? "latest" : undefined) : named.slice(colon + 1);
  const [first = "", ...rest] = path.split("/");
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  const host = hasHost && first !== "index.docker.io" ? first : "docker.io";
  const repository = hasHost ? rest.join("/") : path;
  return {
    host,
    repository: host === "docker.io" && !repository.includes("/") ? `library/${repository}` : repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}
