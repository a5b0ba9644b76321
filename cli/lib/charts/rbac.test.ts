import assert from "node:assert/strict";
import { permissionsOf, roleFacts, type RuleFacts } from "./rbac.ts";

const rule = (verbs: string, resources: string, groups = ""): RuleFacts => ({
  verbs: verbs.split(" "),
  groups: groups.split(" "),
  resources: resources.split(" "),
});

describe("permissions of a rule", () => {
  const rbac = "rbac.authorization.k8s.io";
  const cases: readonly [string, RuleFacts, readonly string[]][] = [
    ["a list of Secrets", rule("list", "secrets"), ["read Secrets"]],
    ["ordinary reading", rule("get list watch", "services endpoints nodes configmaps"), []],
    ["deletion of pods", rule("delete", "pods"), []],
    ["Secrets of another group", rule("get", "secrets", "example.com"), []],
    ["pods that are changed", rule("patch", "pods"), ["write workloads"]],
    ["a command in a pod, by a WebSocket", rule("get", "pods/exec"), ["exec into pods"]],
    ["every subresource called exec", rule("create", "*/exec"), ["exec into pods"]],
    ["the kubelet's API", rule("get", "nodes/proxy"), ["nodes/proxy"]],
    ["measurements of the kubelet", rule("get", "nodes/metrics"), []],
    ["roles, without more than one has", rule("create update", "roles rolebindings", rbac), ["write RBAC"]],
    ["roles of any rights", rule("escalate", "clusterroles", rbac), ["escalate"]],
    ["every verb on roles", rule("*", "clusterroles", rbac), ["write RBAC", "escalate", "bind", "* verbs"]],
    ["every verb on ServiceAccounts", rule("*", "serviceaccounts"), ["impersonate", "* verbs"]],
    ["every verb on kinds of its own", rule("*", "volumes", "longhorn.io"), ["* verbs"]],
    ["every resource of the core", rule("get", "*"), ["read Secrets", "exec into pods", "nodes/proxy", "* resources"]],
    ["everything", rule("*", "*", "*"), ["everything"]],
    ["any group's jobs", rule("create", "jobs", "*"), ["write workloads"]],
    ["a signer", rule("sign", "signers", "certificates.k8s.io"), ["issue certificates"]],
    ["an approval of cert-manager's own", rule("approve", "signers", "cert-manager.io"), []],
  ];
  for (const [what, given, may] of cases) {
    it(`are known: ${what}`, () => {
      assert.deepEqual(permissionsOf(given, "cluster"), may);
    });
  }

  it("of what is in no namespace are granted by no RoleBinding", () => {
    assert.deepEqual(permissionsOf(rule("create patch", "nodes persistentvolumes"), "namespace"), []);
    assert.deepEqual(permissionsOf(rule("create patch", "secrets"), "namespace"), ["write Secrets"]);
  });
});

describe("a role", () => {
  it("is known with what is taken up of it and by it, and without addresses that are no resources", () => {
    const facts = roleFacts(
      {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRole",
        metadata: {
          name: "one",
          labels: { app: "x", "rbac.authorization.k8s.io/aggregate-to-edit": "true" },
        },
        aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: "b" } }] },
        rules: [
          { verbs: ["get"], nonResourceURLs: ["/metrics"] },
          { verbs: ["get"], apiGroups: [""], resources: ["pods"], resourceNames: ["one"] },
        ],
      },
      "somewhere",
    );
    assert.deepEqual(facts, {
      kind: "ClusterRole",
      name: "one",
      rules: [{ verbs: ["get"], groups: [""], resources: ["pods"], names: ["one"] }],
      labels: { "rbac.authorization.k8s.io/aggregate-to-edit": "true" },
      takesUp: [{ matchLabels: { a: "b" } }],
    });
  });
});
