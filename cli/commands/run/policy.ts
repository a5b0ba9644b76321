import { closest } from "fastest-levenshtein";
import { fleetOrRefuse } from "../../../plan/stack-files.ts";
import { toSarif, toText } from "../../../policy/report.ts";
import { evaluatePolicies } from "../../../program/policies.ts";
import { policyView } from "../../../program/policy-view.ts";
import { checkSites, exitCode, say, UsageError, type ExitCode } from "../../lib/command-line.ts";
import { allRules } from "../../lib/policy/all-rules.ts";
import { rulesDocument, rulesText, ruleText } from "../../lib/policy/rules-text.ts";
import { locator } from "../../lib/preview/text.ts";
import { styleOf } from "../../lib/terminal/style.ts";

interface Options {
  readonly config: string;
  readonly sites: readonly string[];
  readonly list: boolean;
  readonly explain: string | undefined;
  readonly json: boolean;
  readonly sarif: boolean;
}

export function policy(options: Options): ExitCode {
  const { list, explain, json } = options;
  if (!list && explain === undefined) return judge(options);
  const rules = explain === undefined ? allRules : [ruleCalled(explain)];
  const style = styleOf(process.stdout, process.env);
  if (json) say(JSON.stringify(rulesDocument(rules), null, 2));
  else say(explain === undefined ? rulesText(rules, style) : rules.map((rule) => ruleText(rule, style)).join("\n"));
  return exitCode.fine;
}

function ruleCalled(id: string) {
  const rule = allRules.find((one) => one.id === id);
  if (rule !== undefined) return rule;
  const ids = allRules.map((one) => one.id);
  const near = ids.find((one) => one.startsWith(id)) ?? closest(id, ids);
  throw new UsageError(`There is no rule ${id}; did you mean ${near}? All of them: npx isthmus policy --list`);
}

/** Each site's plan, as the policies see it. */
function judge({ config, sites, json, sarif }: Options): ExitCode {
  const fleet = fleetOrRefuse(config);
  checkSites(sites, fleet.model.fleet.sites);
  const locate = locator(fleet.model.sources);
  const judged = fleet.sites
    .filter(({ facts }) => sites.length === 0 || sites.includes(facts.name))
    .map((plan) => ({ site: plan.facts.name, evaluation: evaluatePolicies(fleet, policyView(plan)) }));
  if (sarif) {
    const logs = judged.map(({ evaluation }) => toSarif(evaluation, locate));
    const [first] = logs;
    say(JSON.stringify({ ...first, runs: logs.flatMap(({ runs }) => runs) }, null, 2));
  } else if (json) {
    say(JSON.stringify(Object.fromEntries(judged.map(({ site, evaluation }) => [site, evaluation])), null, 2));
  } else {
    say(judged.map(({ site, evaluation }) => `${site}\n${indented(toText(evaluation, locate))}`).join("\n\n"));
  }
  return judged.some(({ evaluation }) => evaluation.blocked) ? exitCode.finding : exitCode.fine;
}

const indented = (text: string): string => text.replace(/^/gm, "  ");
