import { posix } from "node:path";
import type { HostAccess } from "@isthmus/core";
import { listAt, mapAt, textAt, type Json } from "./kubernetes.ts";

/** What a pod has of its host, each once. https://kubernetes.io/docs/concepts/security/pod-security-standards/ (v1.34) */
export function hostAccessOf(spec: Json): readonly HostAccess[] {
  const containers = [...listAt(spec, "initContainers"), ...listAt(spec, "containers")];
  const found: readonly HostAccess[] = [
    ...(["hostNetwork", "hostPID", "hostIPC"] as const).filter((key) => spec[key] === true),
    ...containers.flatMap((container) => ofContainer(container, spec["hostNetwork"] === true)),
    ...listAt(spec, "volumes").flatMap((volume) => ofVolume(volume, containers)),
  ];
  return [...new Set(found)].sort();
}

function ofContainer(container: Json, inHostNetwork: boolean): HostAccess[] {
  const context = mapAt(container, "securityContext");
  const added = mapAt(context, "capabilities")["add"];
  return [
    ...(context["privileged"] === true ? (["privileged"] as const) : []),
    ...(Array.isArray(added) ? added.map((one) => `capability ${String(one)}` as const) : []),
    ...listAt(container, "ports").flatMap(({ hostPort, containerPort }) => {
      // The API server fills it in: pkg/apis/core/v1/defaults.go (defaultHostNetworkPorts).
      const port = Number(hostPort ?? (inHostNetwork ? containerPort : 0));
      return port === 0 ? [] : [`hostPort ${port}` as const];
    }),
  ];
}

function ofVolume(volume: Json, containers: readonly Json[]): HostAccess[] {
  const path = textAt(volume, "hostPath", "path");
  if (path === undefined) return [];
  const mounts = containers
    .flatMap((container) => listAt(container, "volumeMounts"))
    .filter(({ name }) => name === volume["name"]);
  const written = mounts.some(({ readOnly }) => readOnly !== true);
  const folder = posix.normalize(path).replace(/(?<=.)\/$/, "");
  return [`hostPath ${folder}${written ? "" : " read-only"}`];
}
