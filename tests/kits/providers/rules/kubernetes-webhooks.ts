/**
 * Admission webhooks: of a chart that brings one, objects are refused until it answers, and pulumi-kubernetes takes that for
 * final: it repeats `NotFound` and `NoMatch` only (`Creation` in
 * https://github.com/pulumi/pulumi-kubernetes/blob/master/provider/pkg/await/await.go). Here it answers as soon as somebody has
 * waited for it with `webhook.sh`; each change of its release starts it anew.
 */
import { Refusal, type Call } from "../contract.ts";
import { textAt, type Properties } from "../values.ts";
import { declared } from "./kubernetes-cluster.ts";
import { chartWaitedFor } from "../../../../cli/lib/charts/webhooks/groups.ts";
import { untidyCredentials } from "../../../../cli/lib/charts/webhooks/longhorn.ts";

/** As other things of the simulated world, one of the stack's: a cluster is a stack's own. */
const place = (urn: string, release: string): readonly string[] => ["webhook", stackOf(urn), release];
const stackOf = (urn: string): string => urn.split(":")[2] ?? "";

/** A `command` that waited for the webhook of a release, and ended well. */
export function noteAnswer(call: Call, said: Readonly<Record<string, string>>): void {
  const command = said["ISTHMUS_COMMAND"] ?? "";
  const release = /ISTHMUS_SCRIPT=\W*webhook\.sh/.test(command)
    ? /\bRELEASE=\W*([\w-]+)/.exec(command)?.[1]
    : undefined;
  if (release !== undefined) answerWebhook(call, release);
}

/** The webhook of a release answers from now on. */
export function answerWebhook(call: Pick<Call, "world" | "urn">, release: string): void {
  const key = place(call.urn, release);
  // Of no resource: it comes and goes with a release.
  call.world.store.put({ key, sameAs: key.join("/"), urn: "", state: {} });
}

/** A release that is installed or changed starts its webhook anew; one that is deleted takes it along. */
export function silenceWebhook(call: Pick<Call, "world" | "urn">, release: string): void {
  call.world.store.remove(place(call.urn, release));
}

/** What an object meets on its way in. */
export function requireAdmission(call: Call): void {
  const apiVersion = textAt(call.inputs, "apiVersion") ?? "";
  const kind = textAt(call.inputs, "kind") ?? "";
  const chart = chartWaitedFor({ apiVersion, kind });
  if (chart === undefined) return;
  for (const release of declared(call, "Release").filter((one) => isOf(one, chart) && !mayBeIgnored(one))) {
    const name = textAt(release, "name") ?? "";
    if (call.world.store.get(place(call.urn, name)) !== undefined) continue;
    const service = `${name}-webhook-service.${textAt(release, "namespace") ?? ""}.svc:443`;
    throw new Refusal(
      `Internal error occurred: failed calling webhook "${chart}": failed to call webhook: Post "https://${service}/validate?timeout=10s": dial tcp: connect: connection refused`,
    );
  }
  if (chart === "longhorn" && kind === "BackupTarget") requireTidyCredentials(call);
}

const isOf = (release: Properties, chart: string): boolean =>
  (textAt(release, "chart") ?? "").split("/").pop()?.startsWith(chart) === true;

/** https://github.com/metallb/metallb/blob/v0.16.1/charts/metallb/templates/webhooks.yaml; other charts here have no such value. */
const mayBeIgnored = (release: Properties): boolean =>
  textAt(release, "values.crds.validationFailurePolicy") === "Ignore";

/** https://github.com/longhorn/longhorn-manager/blob/v1.12.1/webhook/resources/backuptarget/validator.go (validateCredentialSecret) */
function requireTidyCredentials(call: Call): void {
  const name = textAt(call.inputs, "spec.credentialSecret");
  const secret = declared(call, "core.Secret").find((one) => textAt(one, "metadata.name") === name);
  const errors = name === undefined ? [] : untidyCredentials(secret);
  if (errors.length === 0) return;
  throw new Refusal(
    `admission webhook "validator.longhorn.io" denied the request: credential validation error(s): ${errors.join(", ")}`,
  );
}
