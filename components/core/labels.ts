import { z } from "zod";
import type { Taint } from "./topology.ts";

/**
 * What Kubernetes demands of keys and values of labels, and of taints:
 * https://github.com/kubernetes/kubernetes/blob/v1.34.3/staging/src/k8s.io/apimachinery/pkg/api/validate/content/kube.go and
 * pkg/util/taints/taints.go (`parseTaint`).
 */
const part = "[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?";
const subdomain = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const key = `((?=[^/]{1,253}/)${subdomain}/)?${part}`;
const effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"] as const;

export const labelKey = new RegExp(`^${key}$`);
export const labelValue = new RegExp(`^(${part})?$`);

const keyMeant = (of: string, example: string): string =>
  `${of} such as ${example}: at most 63 letters, digits, - _ . that begin and end with a letter or digit; before them perhaps a DNS name in lower case and a slash`;
const valueMeant = (of: string, example: string): string =>
  `${of} such as ${example}: at most 63 letters, digits, - _ . that begin and end with a letter or digit`;

/** YAML reads true and 2 as what they are; Kubernetes has texts only. */
const text = (meant: string) =>
  z.union([z.string(), z.boolean(), z.int()]).transform(String).pipe(z.string().regex(labelValue, meant));

export const labelsShape = z.record(
  z.string().regex(labelKey, keyMeant("a label's key", "storage or example.com/tier")),
  text(valueMeant("a label's value", "true or hdd")),
);

const asKubectl = new RegExp(`^${key}(=(${part})?)?:(${effects.join("|")})$`);

const taintText = z
  .string()
  .regex(asKubectl, "a taint as kubectl writes it, such as app-type=db:NoSchedule, or its key, value and effect")
  .transform((written): Taint => {
    const [pair = "", effect] = written.split(":");
    const [name = "", value = ""] = pair.split("=");
    return { key: name, ...(value === "" ? {} : { value }), effect: effect as Taint["effect"] };
  });

const taintParts = z.strictObject({
  key: z.string().regex(labelKey, keyMeant("a taint's key", "app-type")).describe("The taint's key, such as app-type."),
  value: text(valueMeant("a taint's value", "db")).optional().describe("The taint's value, such as db. Default: none."),
  effect: z.enum(effects).describe("What happens to pods that do not tolerate it."),
});

/** A taint as `{ key, value, effect }`, or as kubectl writes it. */
export const taintShape = z
  .union([taintText, taintParts])
  .describe("A taint as kubectl writes it, key=value:Effect or key:Effect; or its key, value and effect.");
