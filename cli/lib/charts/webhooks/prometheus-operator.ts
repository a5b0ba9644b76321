import { asText, listAt, textAt, textsAt } from "../kubernetes.ts";
import { demandsOf, doubled, unread, valueAt, when } from "./demand.ts";

const rules = ["PrometheusRule"];
const parse = "pkg/operator/rules.go (ValidateRule), by rulefmt.Parse";
const duration = /^(?=.)((\d+)y)?((\d+)w)?((\d+)d)?((\d+)h)?((\d+)m)?((\d+)s)?((\d+)ms)?$|^0$/;

/** Read at v0.93.0; the chart brings v0.93.1. */
export const prometheusOperatorDemands = demandsOf(
  "kube-prometheus-stack",
  "https://github.com/prometheus-operator/prometheus-operator/blob/v0.93.0",
  [
    {
      kinds: rules,
      demands: "have groups of different names, none of them empty",
      source: parse,
      refuses: (object) => {
        const names = listAt(object, "spec", "groups").map((group) => textAt(group, "name") ?? "");
        return [
          ...when(names.includes(""), "Groupname must not be empty"),
          ...doubled(names).map((name) => `groupname: "${name}" is repeated in the same file`),
        ];
      },
    },
    {
      kinds: rules,
      demands:
        "either record or alert in each rule, by an expression; what is recorded has no annotations and waits for nothing",
      source: parse,
      refuses: (object) =>
        rulesIn(object).flatMap((rule) => {
          const { record, alert, expr } = rule;
          const waits = ["annotations", "for", "keep_firing_for"].filter((key) => rule[key] !== undefined);
          return [
            ...when(
              (record === undefined) === (alert === undefined),
              `one of 'record' or 'alert' must be set: ${asText(expr)}`,
            ),
            ...when(expr === undefined || expr === "", `field 'expr' must be set in rule ${asText(record ?? alert)}`),
            ...when(
              record !== undefined && waits.length > 0,
              `invalid field '${waits[0] ?? ""}' in recording rule ${asText(record)}`,
            ),
            ...when(
              record !== undefined && !/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(asText(record)),
              `invalid recording rule name: ${asText(record)}`,
            ),
          ];
        }),
    },
    {
      kinds: rules,
      demands: "have durations that are some, and labels with names that are some, of which none is the metric's",
      source: parse,
      refuses: (object) => [
        ...rulesIn(object).flatMap((rule) => [
          ...["for", "keep_firing_for"].flatMap((key) =>
            when(
              rule[key] !== undefined && !duration.test(asText(rule[key])),
              `not a valid duration string: "${asText(rule[key])}"`,
            ),
          ),
          ...Object.keys(textsAt(rule, "labels"))
            .filter((name) => name === "__name__" || !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name))
            .map((name) => `invalid label name: ${name}`),
        ]),
        ...listAt(object, "spec", "groups").flatMap(({ interval }) =>
          when(
            interval !== undefined && !duration.test(asText(interval)),
            `not a valid duration string: "${asText(interval)}"`,
          ),
        ),
      ],
    },
    {
      kinds: rules,
      demands: "be smaller than half a megabyte",
      source: "pkg/operator/rules.go (MaxConfigMapDataSize)",
      refuses: (object) =>
        when(
          JSON.stringify(valueAt(object, "spec") ?? {}).length > 512 * 1024,
          "the rendered rule is above the maximum limit",
        ),
    },
    unread(["AlertmanagerConfig"], "pkg/admission/admission.go (validateAlertmanagerConfig)", ["spec"]),
  ],
);

const rulesIn = (object: unknown) => listAt(object, "spec", "groups").flatMap((group) => listAt(group, "rules"));
