import type { StatedHostAccess, StatedPermissions } from "@isthmus/core";
import { csiControllers } from "./workloads.ts";

/** Who of Longhorn may do what. The chart has no value to narrow it. */
export function longhornPermissions(namespace: string): readonly StatedPermissions[] {
  const manager = "longhorn-service-account";
  return [
    {
      subject: manager,
      in: "cluster",
      may: ["read Secrets"],
      why: "StorageClasses and volumes of any namespace name Secrets with keys of encrypted volumes",
    },
    {
      subject: manager,
      in: "cluster",
      may: ["write PersistentVolumes"],
      why: "CSI makes the volume of each claim",
    },
    {
      subject: manager,
      in: "cluster",
      may: ["write nodes"],
      why: "it reads nodes; the chart grants every verb on them",
    },
    {
      subject: manager,
      in: "cluster",
      may: ["write admission"],
      why: "the manager registers its webhooks itself",
    },
    {
      subject: manager,
      in: "cluster",
      may: ["write CustomResourceDefinitions", "write RBAC", "escalate", "bind", "* verbs"],
      why: "a SystemRestore makes CustomResourceDefinitions, ClusterRoles and their bindings again; the chart grants it always",
    },
    {
      subject: manager,
      in: namespace,
      may: ["write Secrets", "write workloads", "impersonate"],
      why: "the manager runs instance managers, share managers, CSI and jobs of backups, and is granted every verb on what they consist of",
    },
    {
      subject: "longhorn-support-bundle",
      in: "cluster",
      may: ["everything"],
      why: "a support bundle gathers the state of the whole cluster; no pod runs as it until a person asks for one",
    },
  ];
}

export const longhornHostAccess: readonly StatedHostAccess[] = [
  {
    pods: "manager",
    has: ["privileged", "hostPath /dev", "hostPath /var/lib/longhorn"],
    why: "it finds the node's disks and keeps its data there",
  },
  {
    pods: "manager",
    has: ["hostPath /boot read-only", "hostPath /etc read-only", "hostPath /proc read-only"],
    why: "it enters the host's namespaces, and checks the kernel's configuration and the distribution",
  },
  {
    pods: "longhorn-pre-upgrade",
    has: ["privileged", "hostPath /proc"],
    why: "it checks the host's programs in the host's namespaces before an upgrade",
  },
  // Those that the manager makes: https://github.com/longhorn/longhorn-manager/tree/v1.12.1, files below.
  {
    // controller/instance_manager_controller.go (createGenericManagerPodSpec, createInstanceManagerPodSpec)
    pods: "instance-manager",
    has: ["privileged", "hostPath /"],
    why: "it makes block devices of volumes on the host, and keeps copies on its disks",
  },
  {
    // controller/engine_image_controller.go (createEngineImageDaemonSetSpec)
    pods: "engine-image",
    has: ["privileged", "hostPath /var/lib/longhorn/engine-binaries"],
    why: "it lays the engine's program on the host, where instance managers start it",
  },
  {
    // csi/deployment.go (NewPluginDeployment)
    pods: "csi-plugin",
    has: [
      "privileged",
      "capability SYS_ADMIN",
      "hostPath /dev",
      "hostPath /proc",
      "hostPath /sys",
      "hostPath /lib/modules read-only",
      "hostPath /var/lib/kubelet",
    ],
    why: "it mounts volumes below the kubelet's folder, for pods of the node",
  },
  ...csiControllers.map((part) => ({
    // csi/deployment_util.go (getCommonDeployment)
    pods: `csi-${part}`,
    has: ["hostPath /var/lib/kubelet/plugins/driver.longhorn.io"] as const,
    why: "it talks to the plugin over a socket that lies there",
  })),
];
