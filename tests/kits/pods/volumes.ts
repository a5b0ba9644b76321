import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { isRecord, listAt, textAt, type Json } from "../../../cli/lib/charts/kubernetes.ts";

/** What Secrets and ConfigMaps of the pod's namespace hold, by `Secret/name` or `ConfigMap/name`. */
export type Held = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface Owner {
  readonly user: number;
  readonly group: number;
}

/** A folder of this machine that is a volume of a pod. */
export interface Volume {
  readonly name: string;
  readonly folder: string;
}

const usualMode = 0o644;

/** Makes a folder for each volume of a pod and fills those that are of a Secret or a ConfigMap; what a claim holds stays. */
export function makeVolumes(folder: string, { spec, claims, held, owner }: Volumes): readonly Volume[] {
  const own = listAt(spec, "volumes").map((volume) => {
    const name = textAt(volume, "name") ?? "";
    const files = filesOf(volume, held);
    const place = join(folder, "volumes", name);
    if (files === undefined) give(place, owner);
    else fill(place, files, owner);
    return { name, folder: place };
  });
  return [
    ...own,
    ...claims.map((name) => {
      give(join(folder, "claims", name), owner);
      return { name, folder: join(folder, "claims", name) };
    }),
  ];
}

export interface Volumes {
  readonly spec: Json;
  /** Names of the claims that the controller makes for each pod. */
  readonly claims: readonly string[];
  readonly held: Held;
  readonly owner: Owner;
}

function give(folder: string, { user, group }: Owner): void {
  mkdirSync(folder, { recursive: true });
  chownSync(folder, user, group);
  chmodSync(folder, 0o770);
}

interface FileOfVolume {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
}

/** Undefined: the volume is a folder that begins empty. */
function filesOf(volume: Json, held: Held): readonly FileOfVolume[] | undefined {
  const { secret, configMap } = volume;
  if (isRecord(secret)) return filesOfSource(secret, `Secret/${String(secret["secretName"])}`, held);
  if (isRecord(configMap)) return filesOfSource(configMap, `ConfigMap/${String(configMap["name"])}`, held);
  return isRecord(volume["projected"])
    ? listAt(volume, "projected", "sources").flatMap((source) => [
        ...(isRecord(source["secret"])
          ? filesOfSource(source["secret"], `Secret/${String(source["secret"]["name"])}`, held)
          : []),
        ...(isRecord(source["configMap"])
          ? filesOfSource(source["configMap"], `ConfigMap/${String(source["configMap"]["name"])}`, held)
          : []),
      ])
    : undefined;
}

function filesOfSource(source: Json, name: string, held: Held): readonly FileOfVolume[] {
  const data = new Map(Object.entries(held)).get(name);
  if (data === undefined) throw new Error(`no ${name} is held`);
  const mode = typeof source["defaultMode"] === "number" ? source["defaultMode"] : usualMode;
  const items = Array.isArray(source["items"])
    ? listAt(source, "items").map((item) => [textAt(item, "key") ?? "", textAt(item, "path") ?? ""] as const)
    : Object.keys(data).map((key) => [key, key] as const);
  return items.map(([key, path]) => {
    const text = data[key];
    if (text === undefined) throw new Error(`${name} has no key ${key}`);
    return { path, text, mode };
  });
}

/**
 * As the kubelet does: files are root's and readable for the pod's group; each name is a link by way of `..data`, a link to a folder that is
 * exchanged as a whole when the Secret changes. Programs tell one from the other.
 * https://github.com/kubernetes/kubernetes/blob/master/pkg/volume/util/atomic_writer.go
 */
function fill(folder: string, files: readonly FileOfVolume[], { group }: Owner): void {
  mkdirSync(folder, { recursive: true });
  const before = readdirSync(folder).filter((name) => /^\.\.\d/.test(name));
  const next = `..${String(before.length + 1)}`;
  if (before.length > 0 && same(folder, files)) return;
  for (const { path, text, mode } of files) {
    const target = join(folder, next, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
    chmodSync(target, mode | (mode & 0o400 ? 0o040 : 0));
    chownSync(target, 0, group);
  }
  symlinkSync(next, join(folder, "..data_tmp"));
  renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
  for (const top of new Set(files.map(({ path }) => path.split("/")[0] ?? ""))) {
    if (!readdirSync(folder).includes(top)) symlinkSync(`..data/${top}`, join(folder, top));
  }
}

function same(folder: string, files: readonly FileOfVolume[]): boolean {
  return files.every(
    ({ path, text }) => existsSync(join(folder, path)) && readFileSync(join(folder, path), "utf8") === text,
  );
}
