import type { Permission } from "@isthmus/core";
import { listAt, mapAt, textAt, textsAt, type Json, type KubernetesObject } from "./kubernetes.ts";

/** One rule of a role. */
export interface RuleFacts {
  readonly verbs: readonly string[];
  readonly groups: readonly string[];
  readonly resources: readonly string[];
  /** Only of objects of these names. */
  readonly names?: readonly string[] | undefined;
}

export interface RoleFacts {
  readonly kind: string;
  readonly name: string;
  /** Absent for a ClusterRole. */
  readonly namespace?: string | undefined;
  readonly rules: readonly RuleFacts[];
  /** Labels by which other ClusterRoles take its rules up. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Selectors of the ClusterRoles whose rules it takes up. */
  readonly takesUp?: readonly Json[] | undefined;
}

export interface BindingFacts {
  readonly name: string;
  /** Where it holds; absent: everywhere. */
  readonly namespace?: string | undefined;
  readonly role: { readonly kind: string; readonly name: string };
  readonly subjects: readonly {
    readonly kind: string;
    readonly name: string;
    readonly namespace?: string | undefined;
  }[];
}

export function roleFacts(object: KubernetesObject, namespace: string): RoleFacts {
  const labels = Object.entries(textsAt(object, "metadata", "labels")).filter(([key]) => /\baggregate-to-/.test(key));
  const takesUp = listAt(object, "aggregationRule", "clusterRoleSelectors");
  return {
    kind: object.kind,
    name: object.metadata.name,
    ...(object.kind === "Role" ? { namespace } : {}),
    rules: listAt(object, "rules").flatMap(ruleFacts),
    ...(labels.length === 0 ? {} : { labels: Object.fromEntries(labels) }),
    ...(takesUp.length === 0 ? {} : { takesUp }),
  };
}

const texts = (list: unknown): readonly string[] => (Array.isArray(list) ? list.map(String) : []);

/** Addresses that are no resources, such as /metrics, are left out: nothing more can be had by them. */
function ruleFacts({ verbs, apiGroups, resources, resourceNames }: Json): RuleFacts[] {
  if (texts(resources).length === 0) return [];
  const names = texts(resourceNames);
  return [
    {
      verbs: texts(verbs),
      groups: texts(apiGroups),
      resources: texts(resources),
      ...(names.length === 0 ? {} : { names }),
    },
  ];
}

export function bindingFacts(object: KubernetesObject, namespace: string): BindingFacts {
  const role = mapAt(object, "roleRef");
  return {
    name: object.metadata.name,
    ...(object.kind === "RoleBinding" ? { namespace } : {}),
    role: { kind: textAt(role, "kind") ?? "", name: textAt(role, "name") ?? "" },
    subjects: listAt(object, "subjects").map((subject) => ({
      kind: textAt(subject, "kind") ?? "",
      name: textAt(subject, "name") ?? "",
      // The API server wants one of a ServiceAccount; Helm's charts that leave it out mean their own.
      ...(subject["kind"] === "ServiceAccount" ? { namespace: textAt(subject, "namespace") ?? namespace } : {}),
    })),
  };
}

interface Risk {
  readonly permission: Permission;
  readonly verbs: readonly string[];
  readonly group: string;
  readonly resources: readonly string[];
  /** It is of no namespace: a RoleBinding grants nothing of it. */
  readonly clusterWide?: true;
}

const write = ["create", "update", "patch"];
const roles = ["roles", "clusterroles"];
const rbac = "rbac.authorization.k8s.io";

/** Which verbs on which resources are a permission that matters. */
const risks: readonly Risk[] = [
  { permission: "read Secrets", verbs: ["get", "list", "watch"], group: "", resources: ["secrets"] },
  { permission: "write Secrets", verbs: write, group: "", resources: ["secrets"] },
  {
    permission: "write workloads",
    verbs: write,
    group: "",
    resources: ["pods", "replicationcontrollers", "podtemplates", "pods/ephemeralcontainers"],
  },
  {
    permission: "write workloads",
    verbs: write,
    group: "apps",
    resources: ["deployments", "statefulsets", "daemonsets", "replicasets"],
  },
  { permission: "write workloads", verbs: write, group: "batch", resources: ["jobs", "cronjobs"] },
  {
    permission: "exec into pods",
    // A WebSocket is asked for with GET.
    verbs: ["create", "get"],
    group: "",
    resources: ["pods/exec", "pods/attach", "pods/portforward"],
  },
  {
    permission: "write PersistentVolumes",
    verbs: write,
    group: "",
    resources: ["persistentvolumes"],
    clusterWide: true,
  },
  { permission: "write nodes", verbs: [...write, "delete"], group: "", resources: ["nodes"], clusterWide: true },
  { permission: "nodes/proxy", verbs: ["get", ...write], group: "", resources: ["nodes/proxy"], clusterWide: true },
  {
    permission: "write RBAC",
    verbs: write,
    group: rbac,
    resources: [...roles, "rolebindings", "clusterrolebindings"],
  },
  { permission: "escalate", verbs: ["escalate"], group: rbac, resources: roles },
  { permission: "bind", verbs: ["bind"], group: rbac, resources: roles },
  {
    permission: "impersonate",
    verbs: ["impersonate"],
    group: "",
    resources: ["users", "groups", "serviceaccounts"],
  },
  {
    permission: "impersonate",
    verbs: ["impersonate"],
    group: "authentication.k8s.io",
    resources: ["userextras", "uids"],
    clusterWide: true,
  },
  {
    permission: "issue certificates",
    verbs: ["update", "patch"],
    group: "certificates.k8s.io",
    resources: ["certificatesigningrequests/approval"],
    clusterWide: true,
  },
  {
    permission: "issue certificates",
    verbs: ["approve", "sign"],
    group: "certificates.k8s.io",
    resources: ["signers"],
    clusterWide: true,
  },
  { permission: "request tokens", verbs: ["create"], group: "", resources: ["serviceaccounts/token"] },
  {
    permission: "write admission",
    verbs: write,
    group: "admissionregistration.k8s.io",
    resources: [
      "validatingwebhookconfigurations",
      "mutatingwebhookconfigurations",
      "validatingadmissionpolicies",
      "validatingadmissionpolicybindings",
      "mutatingadmissionpolicies",
      "mutatingadmissionpolicybindings",
    ],
    clusterWide: true,
  },
  { permission: "write namespaces", verbs: ["update", "patch"], group: "", resources: ["namespaces"] },
  {
    permission: "write CustomResourceDefinitions",
    verbs: write,
    group: "apiextensions.k8s.io",
    resources: ["customresourcedefinitions"],
    clusterWide: true,
  },
  {
    permission: "write APIServices",
    verbs: write,
    group: "apiregistration.k8s.io",
    resources: ["apiservices"],
    clusterWide: true,
  },
];

/** What a rule grants that more can be had by; by a RoleBinding, what it grants in that namespace. */
export function permissionsOf(rule: RuleFacts, scope: "cluster" | "namespace"): readonly Permission[] {
  const { verbs, groups, resources } = rule;
  const any = (list: readonly string[]): boolean => list.includes("*");
  if (any(verbs) && any(groups) && any(resources)) return ["everything"];
  const found = risks
    .filter(({ clusterWide }) => scope === "cluster" || clusterWide !== true)
    .filter(({ group }) => any(groups) || groups.includes(group))
    .filter((risk) => any(verbs) || risk.verbs.some((verb) => verbs.includes(verb)))
    .filter((risk) => risk.resources.some((resource) => resources.some((one) => covers(one, resource))))
    .map(({ permission }) => permission);
  return [
    ...new Set<Permission>([
      ...found,
      ...(any(verbs) ? (["* verbs"] as const) : []),
      ...(any(resources) ? (["* resources"] as const) : []),
    ]),
  ];
}

/**
 * Whether a resource of a rule is, or has, the one that is meant. A star has all, subresources included; one subresource may be had
 * of all. https://github.com/kubernetes/kubernetes/blob/v1.34.3/pkg/apis/rbac/v1/evaluation_helpers.go (ResourceMatches)
 */
function covers(one: string, resource: string): boolean {
  const subresource = resource.split("/")[1];
  return one === "*" || one === resource || (subresource !== undefined && one === `*/${subresource}`);
}

/**
 * ClusterRoles that the API server makes, as far as charts bind them.
 * https://github.com/kubernetes/kubernetes/blob/v1.34.3/plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go (ClusterRoles)
 */
export const builtInRoles: Readonly<Record<string, readonly RuleFacts[]>> = {
  "cluster-admin": [{ verbs: ["*"], groups: ["*"], resources: ["*"] }],
  "system:auth-delegator": [
    { verbs: ["create"], groups: ["authentication.k8s.io"], resources: ["tokenreviews"] },
    { verbs: ["create"], groups: ["authorization.k8s.io"], resources: ["subjectaccessreviews"] },
  ],
};
