/**
 * What stands in for kubelets, as KWOK's stages (https://kwok.sigs.k8s.io/docs/user/stages-configuration/): nodes report
 * themselves ready with the sizes that they were made with; pods run and are ready at once, a Job's pods end, and who is to be
 * deleted goes.
 */
const node = {
  apiVersion: "kwok.x-k8s.io/v1alpha1",
  kind: "Stage",
  metadata: { name: "node-ready" },
  spec: {
    resourceRef: { apiGroup: "v1", kind: "Node" },
    selector: {
      matchExpressions: [
        { key: '.status.conditions.[] | select( .type == "Ready" ) | .status', operator: "NotIn", values: ["True"] },
      ],
    },
    next: {
      statusTemplate: `{{ $now := Now }}
conditions:
{{ range NodeConditions }}
- lastHeartbeatTime: {{ $now | Quote }}
  lastTransitionTime: {{ $now | Quote }}
  message: {{ .message | Quote }}
  reason: {{ .reason | Quote }}
  status: {{ .status | Quote }}
  type: {{ .type | Quote }}
{{ end }}
phase: Running
`,
    },
  },
};

const deleted = (operator: string): object => ({ key: ".metadata.deletionTimestamp", operator });

const pod = (
  name: string,
  expressions: readonly object[],
  then: { readonly next: object; readonly delay?: object },
): object => ({
  apiVersion: "kwok.x-k8s.io/v1alpha1",
  kind: "Stage",
  metadata: { name: `pod-${name}` },
  spec: { resourceRef: { apiGroup: "v1", kind: "Pod" }, selector: { matchExpressions: expressions }, ...then },
});

const ready = `{{ $now := Now }}
conditions:
- { type: Initialized, status: "True", lastTransitionTime: {{ $now | Quote }} }
- { type: ContainersReady, status: "True", lastTransitionTime: {{ $now | Quote }} }
- { type: Ready, status: "True", lastTransitionTime: {{ $now | Quote }} }
containerStatuses:
{{ range .spec.containers }}
- image: {{ .image | Quote }}
  imageID: ""
  name: {{ .name | Quote }}
  ready: true
  restartCount: 0
  state: { running: { startedAt: {{ $now | Quote }} } }
{{ end }}
phase: Running
startTime: {{ $now | Quote }}
`;

const phase = (value: string): object => ({ key: ".status.phase", operator: "In", values: [value] });

export const stages: readonly object[] = [
  node,
  pod("ready", [deleted("DoesNotExist"), phase("Pending")], { next: { statusTemplate: ready } }),
  pod(
    "complete",
    [
      deleted("DoesNotExist"),
      phase("Running"),
      { key: ".metadata.ownerReferences.[].kind", operator: "In", values: ["Job"] },
    ],
    { next: { statusTemplate: "phase: Succeeded\n" } },
  ),
  // Not at once: who counts disruptions takes a pod that is back under its name before he looked for one that is to go, for 2 minutes
  // (buildDisruptedPodMap in https://github.com/kubernetes/kubernetes/blob/v1.34.3/pkg/controller/disruption/disruption.go).
  pod("delete", [deleted("Exists")], { next: { delete: true }, delay: { durationMilliseconds: 1_500 } }),
];
