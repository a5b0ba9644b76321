import { dirname, relative } from "node:path/posix";
import type { TellableRule } from "../../cli/lib/policy/all-rules.ts";
import { tableOf } from "./markdown-table.ts";

export const rulesPage = "docs/reference/rules.md";

/** Whose rules they are, in words, in the order in which people meet them. */
const origins: Readonly<Record<string, string>> = {
  config: "Stack files",
  plan: "What is planned of them",
  core: "What services of all kinds share",
  proxmox: "Proxmox",
  k3s: "k3s",
  networking: "Networking services",
  storage: "Storage services",
  data: "Databases and object stores",
  secrets: "Secrets",
  availability: "Promises",
  policy: "Policies",
  cli: "The state",
};

/** The reference page of every rule that a finding can name. Throws where a package's rules have no heading here. */
export function rulesText(rules: readonly TellableRule[]): string {
  const unknown = rules.find(({ from }) => !(from in origins));
  if (unknown !== undefined) throw new Error(`${unknown.id}: rules of ${unknown.from} have no heading in ${rulesPage}`);
  const sections = Object.entries(origins).flatMap(([from, title]) => {
    const own = rules.filter((rule) => rule.from === from);
    return own.length === 0
      ? []
      : [`## ${title}`, "", ...tableOf(["rule", "severity", "what must hold", "what to do"], own.map(row)), ""];
  });
  return [
    "<!-- Generated from the rules by `npm run generate`; do not edit. -->",
    "",
    "# Rules",
    "",
    "The word in brackets at the end of a finding is its rule. `npx isthmus policy --list` prints this table, `--explain RULE` one of them.",
    "A severity says what is at stake: *critical* is data, a secret or an open door; *low* is a matter of form. Findings of stack files",
    "stop preview and `up` whatever their severity; a policy stops them where it is *mandatory*.",
    "",
    ...sections,
  ].join("\n");
}

const row = ({ id, severity, enforcement, summary, fix, docs }: TellableRule): readonly string[] => [
  `[\`${id}\`](${linkFrom(docs)})`,
  enforcement === undefined ? severity : `${severity}, ${enforcement}`,
  summary,
  fix,
];

/** From the page's own folder. */
const linkFrom = (docs: string): string => (docs.startsWith("https://") ? docs : relative(dirname(rulesPage), docs));
