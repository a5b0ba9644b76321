/**
 * A place in the stack files: `Pulumi.site-a.yaml#/nodes/k3s-a-server-1/memory`. The part behind `#` is a JSON pointer
 * below the file's one Isthmus key, so that any later message can point at file and line.
 */
export type SourcePath = `${string}#${string}`;

/** The path of something below `path`. */
export function below(path: SourcePath, ...keys: readonly (string | number)[]): SourcePath {
  const tail = keys.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
  return `${path}${tail}` as SourcePath;
}

/** File and keys of a path. */
export function splitSourcePath(path: SourcePath): { readonly file: string; readonly keys: readonly string[] } {
  const hash = path.indexOf("#");
  const pointer = path.slice(hash + 1);
  const keys = pointer === "" ? [] : pointer.slice(1).split("/");
  return { file: path.slice(0, hash), keys: keys.map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~")) };
}

/** A path as people write it: `nodes.k3s-a-server-1.memory`. */
export function readablePath(path: SourcePath): string {
  return splitSourcePath(path)
    .keys.filter((key) => key !== "..")
    .join(".");
}
