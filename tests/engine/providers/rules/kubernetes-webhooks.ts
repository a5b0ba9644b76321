/**
 * Admission webhooks: of a chart that brings one, objects are refused until it answers, and pulumi-kubernetes takes that for
 * final: it repeats `NotFound` and `NoMatch` only (`Creation` in
 * https://github.com/pulumi/pulumi-kubernetes/blob/master/provider/pkg/await/await.go). Here it answers as soon as somebody has
 * waited for it with `webhook.sh`; each change of its release starts it anew.
 */
import { Refusal, type Call } from "../contract.ts";
import { at, isObject, textAt, type Properties } from "../values.ts";
import { declared } from "./kubernetes-cluster.ts";
import { groupOf } from "./kubernetes-kinds.ts";

/**
 * Groups whose objects the API server asks a chart's webhook about, with failurePolicy Fail: templates of the charts, and for
 * Longhorn https://github.com/longhorn/longhorn-manager/blob/master/webhook/server/server.go.
 */
const chartOf: Readonly<Record<string, string>> = {
  "cert-manager.io": "cert-manager",
  "longhorn.io": "longhorn",
  "metallb.io": "metallb",
  "postgresql.cnpg.io": "cloudnative-pg",
};

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
  const chart = chartOf[groupOf(apiVersion)];
  if (chart === undefined) return;
  for (const release of declared(call, "Release").filter((one) => isOf(one, chart) && !mayBeIgnored(one))) {
    const name = textAt(release, "name") ?? "";
    if (call.world.store.get(place(call.urn, name)) !== undefined) continue;
    const service = `${name}-webhook-service.${textAt(release, "namespace") ?? ""}.svc:443`;
    throw new Refusal(
      `Internal error occurred: failed calling webhook "${chart}": failed to call webhook: Post "https://${service}/validate?timeout=10s": dial tcp: connect: connection refused`,
    );
  }
  if (apiVersion.startsWith("longhorn.io/") && textAt(call.inputs, "kind") === "BackupTarget")
    requireTidyCredentials(call);
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
  if (name === undefined || secret === undefined) return;
  const given = (part: string, from: BufferEncoding): (readonly [string, string])[] => {
    const data = at(secret, part);
    if (!isObject(data)) return [];
    return Object.entries(data).flatMap(([key, value]) =>
      typeof value === "string" ? [[key, Buffer.from(value, from).toString()] as const] : [],
    );
  };
  const untidy = [...given("stringData", "utf8"), ...given("data", "base64")].filter(
    ([, value]) => value.trim() !== value,
  );
  if (untidy.length === 0) return;
  const errors = untidy.map(([key]) => `invalid trailing newline in ${key}`).join(", ");
  throw new Refusal(
    `admission webhook "validator.longhorn.io" denied the request: credential validation error(s): ${errors}`,
  );
}
