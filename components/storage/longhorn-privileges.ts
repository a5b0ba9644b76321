import type { StatedHostAccess, StatedPermissions } from "@isthmus/core";

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
      why: "a SystemRestore makes CustomResourceDefinitions, ClusterRoles and their bindings anew; the chart grants it always",
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
];
