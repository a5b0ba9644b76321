import type { Duration } from "./quantity.ts";
import type { Reference } from "./reference.ts";
import type { SourcePath } from "./source-path.ts";

/** A chart, exactly: from `@isthmus/helm`'s pins. */
export interface ChartPin {
  readonly name: string;
  readonly version: string;
  /** Versions of Kubernetes that it takes, as its Chart.yaml says. Absent: it says nothing. */
  readonly kubeVersion?: string;
  /** A repository URL (`https://…`) with the chart's name, or a whole OCI reference (`oci://…`). */
  readonly repository: string;
}

/** What placement says of a workload's pods. */
export type Aspect =
  "replicas" | "requests" | "limits" | "affinity" | "tolerations" | "storageSize" | "storageClass" | "rollout";

/**
 * Where in a chart's values, or in an object, an aspect of a workload stands: a dotted path; a path with a conversion,
 * where the chart wants another shape; or the reason why the chart decides it by itself.
 */
export type AspectPlace =
  string | { readonly at: string; readonly as: (value: unknown) => unknown } | { readonly byChart: string };

/** Where every aspect of a workload stands. An aspect without a place is refused when the plan is made. */
export type PodPlaces = Readonly<Partial<Record<Aspect, AspectPlace>>>;

/** Plain data as YAML can hold it, with references as leaves. */
export type Values = Readonly<Record<string, unknown>>;

/**
 * What an admission webhook is asked before the objects that it looks at are made. It says no, so that its silence is never
 * taken for consent: one that is not registered yet, or that may be ignored, lets everything pass.
 */
export interface WebhookProbe {
  /** An object that every other check takes and this webhook refuses. It is never made. */
  readonly refused: Manifest;
  /** Words of the refusal, which nothing else says. */
  readonly because: string;
}

/** A Helm release. */
export interface ReleasePlan {
  /** Name of the release, unique at the site. */
  readonly name: string;
  readonly namespace: string;
  readonly chart: ChartPin;
  /** Values beside those that placement sets. References are refused here: a chart gets names of Secrets. */
  readonly values: Values;
  /** For each workload of the footprint that this chart runs: where its aspects stand in the values. */
  readonly pods: Readonly<Record<string, PodPlaces>>;
  /** Why `up` does not wait for its pods, where it cannot: such as a Vault that a person unseals. */
  readonly doesNotWait?: string | undefined;
  readonly timeout: Duration;
  /** Other namespaces that it has objects in: they come before. */
  readonly alsoIn?: readonly string[] | undefined;
  /** How it is seen that its admission webhook answers. Absent: it brings none that stands in the way of an object. */
  readonly webhook?: WebhookProbe | undefined;
  /** Releases (`release/<name>`) and objects (`object/<id>`) of the same service that come before. */
  readonly after?: readonly string[] | undefined;
}

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    /** Values may be references: the object then waits for what they stand for. */
    readonly annotations?: Readonly<Record<string, string | Reference>>;
  };
  readonly [key: string]: unknown;
}

/** A Kubernetes object of our own: a custom resource, a Secret, a ConfigMap, a Service. */
export interface ObjectPlan {
  /** Unique in the service instance; names the resource. */
  readonly id: string;
  readonly manifest: Manifest;
  readonly pods?: Readonly<Record<string, PodPlaces>> | undefined;
  readonly after?: readonly string[] | undefined;
  readonly from: SourcePath;
}
