import type { WebhookProbe } from "@isthmus/core";
import type { Parameters } from "@isthmus/remote/script";
import type { Input, Resource } from "@pulumi/pulumi";

/** A release whose admission webhook must answer before what it looks at is made. */
export interface WebhookQuestion {
  /** The release's name, unique in the cluster. */
  readonly release: string;
  readonly namespace: string;
  readonly probe: WebhookProbe;
  /** Another word after each change of the release: the webhook is asked again. */
  readonly rerunOn: Input<string>;
  /** The release itself. */
  readonly after: Resource;
  readonly parent?: Resource | undefined;
}

/** How long a webhook may take. Images are there by then: the release waited for its pods. */
const waitSeconds = 300;

/** What `webhook.sh` is told. */
export function webhookParameters({
  release,
  namespace,
  probe,
}: Pick<WebhookQuestion, "release" | "namespace" | "probe">): Parameters {
  return {
    RELEASE: release,
    NAMESPACE: namespace,
    PROBE: JSON.stringify(probe.refused),
    REFUSAL: probe.because,
    WAIT_SECONDS: waitSeconds,
  };
}
