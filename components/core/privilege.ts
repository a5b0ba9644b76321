/**
 * What somebody may do at the API server by which more can be had than what is granted: the risks that Kubernetes names, and those that
 * are of the same kind. https://kubernetes.io/docs/concepts/security/rbac-good-practices/#privilege-escalation-risks
 */
export const permissions = [
  /** Every verb on every resource of every group, as `cluster-admin` has it. */
  "everything",
  "read Secrets",
  /** Of the type service-account-token, one makes a token for any ServiceAccount of the namespace. */
  "write Secrets",
  /** Pods, and what makes pods: with any ServiceAccount, Secret and ConfigMap of the namespace. */
  "write workloads",
  /** Or attach to them, or forward ports. */
  "exec into pods",
  /** One may name any folder of a node. */
  "write PersistentVolumes",
  "write nodes",
  /** The kubelet's API: commands in every pod of the node. */
  "nodes/proxy",
  /** Roles and bindings: no more than oneself may, unless with `escalate` or `bind`. */
  "write RBAC",
  "escalate",
  "bind",
  "impersonate",
  /** Approve or sign CertificateSigningRequests. */
  "issue certificates",
  /** For any ServiceAccount. */
  "request tokens",
  /** Webhook configurations and admission policies. */
  "write admission",
  /** Labels of a namespace decide its Pod Security level. */
  "write namespaces",
  "write CustomResourceDefinitions",
  "write APIServices",
  /** Verbs that come later are granted, too. */
  "* verbs",
  /** Resources that come later are granted, too. */
  "* resources",
] as const;
export type Permission = (typeof permissions)[number];

/** Permissions that a subject has, with the one reason why it needs them. */
export interface StatedPermissions {
  /** A ServiceAccount of the service's namespace by its name, of another one as `namespace/name`; a `User x`, `Group x` or `ClusterRole x` that is added to. */
  readonly subject: string;
  /** `cluster`: everywhere. Otherwise the namespace. */
  readonly in: string;
  readonly may: readonly Permission[];
  readonly why: string;
}

/** What a pod has of its host. https://kubernetes.io/docs/concepts/security/pod-security-standards/ */
export type HostAccess =
  | "hostNetwork"
  | "hostPID"
  | "hostIPC"
  | "privileged"
  | `hostPath ${string}`
  | `capability ${string}`
  | `hostPort ${number}`;

/** What the pods of a workload or a hook have of their hosts, with the one reason why they need it. */
export interface StatedHostAccess {
  /** The name of the workload, or of the hook. */
  readonly pods: string;
  /** A folder that no container may write to: `hostPath /proc read-only`. */
  readonly has: readonly HostAccess[];
  readonly why: string;
}

/** What a service's ServiceAccounts and pods may do beyond ordinary work. Nobody else of it may, and nothing else. */
export interface Privileges {
  /** Default: none. */
  readonly permissions?: readonly StatedPermissions[] | undefined;
  /** Default: none. */
  readonly hostAccess?: readonly StatedHostAccess[] | undefined;
}
