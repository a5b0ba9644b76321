import { isUnknown, secretShape } from "@isthmus/core";
import { z } from "zod";
import { listAt, releaseType, subject, type PolicyResource } from "../../resource.ts";
import { defineRule, fail, pass, unknown, type Outcome } from "../../rule.ts";
import { isLiteralSecret, keyOf, suspicionOf } from "../../secret-keys.ts";
import { nodesOf, pathText, type Node } from "../../walk.ts";

const settings = z.strictObject({
  allowedPaths: z
    .array(z.string().regex(/^[^/]+\/values/, 'write release/values.path, such as "grafana/values.admin.token"'))
    .default([])
    .describe("Places whose values look like secrets and are none, as release/values.path."),
});

export const noSecretInChartValues = defineRule<z.output<typeof settings>>({
  id: "no-secret-in-chart-values",
  summary: "The values of a Helm release hold no secret, only names of Secrets.",
  severity: "critical",
  enforcement: "mandatory",
  fix: "Put the secret into a Secret object and give the chart its name: values are kept in plain text by Helm.",
  docs: "https://helm.sh/docs/chart_best_practices/values/",
  settings,
  scope: "resource",
  applies: (resource) => resource.type === releaseType,
  check: (resource, context) => {
    const { values } = resource.props;
    if (isUnknown(values)) return [unknown("values")];
    if (listAt(resource.props, "valueYamlFiles").length > 0) return [unknown("what valueYamlFiles say")];
    const outcomes = nodesOf(values).flatMap((node) =>
      judge(node, { resource, allowed: context.settings.allowedPaths }),
    );
    return outcomes.length === 0 ? [pass] : outcomes;
  },
});

const fix = "Put it into a Secret object and give the chart its name, as existingSecret or the like.";

function judge(node: Node, { resource, allowed }: { resource: PolicyResource; allowed: readonly string[] }): Outcome[] {
  const path = pathText("values", node.keys);
  const release = subject(resource);
  if (allowed.includes(`${release.slice("Release ".length)}/${path}`)) return [];
  if (node.secret)
    return [fail(`${release}: ${path} is a secret of the stack, and Helm keeps values in plain text`, fix)];
  if (isUnknown(node.value)) return suspicionOf(keyOf(node)) === "literal" ? [unknown(path)] : [];
  const shape = typeof node.value === "string" ? secretShape(node.value) : undefined;
  if (shape !== undefined) return [fail(`${release}: ${path} holds ${shape}`, fix)];
  if (isLiteralSecret(node)) return [fail(`${release}: ${path} holds a secret as plain text`, fix)];
  return [];
}
