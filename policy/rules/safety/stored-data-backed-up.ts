import { z } from "zod";
import { isUnknown, revealed, quantityPattern, quote } from "@isthmus/core";
import { isRecord, listAt, recordAt, serviceType, subject, textAt, type Props } from "../../resource.ts";
import { defineRule, fail, notApplicable, pass, unknown, type Outcome } from "../../rule.ts";

const settings = z.strictObject({
  placeholders: z
    .array(z.string().min(1))
    .default(["todo", "tbd", "fixme", "xxx", "n/a", "later", "for now", "placeholder"])
    .describe("What a reason for no backup must not contain: words that put it off."),
  wordsOfReason: z.int().min(1).default(3).describe("How many words a reason for no backup has at least."),
});
type Settings = z.output<typeof settings>;

export const storedDataBackedUp = defineRule<Settings>({
  id: "stored-data-backed-up",
  summary: "Every workload that stores data has a backup, or says why it has none.",
  severity: "critical",
  enforcement: "mandatory",
  fix: "State in the footprint what backs the data up, to where and how often, or why nothing has to.",
  docs: "policy/README.md",
  settings,
  scope: "resource",
  applies: (resource) => resource.type === serviceType,
  check: (resource, context) => {
    const workloads = revealed(recordAt(resource.props, "footprint")["workloads"]);
    if (isUnknown(workloads) || isUnknown(resource.props["footprint"])) return [unknown("footprint.workloads")];
    const instance = textAt(resource.props, "instance") ?? subject(resource);
    const outcomes = listAt(workloads).flatMap((workload) => judge(instance, workload, context.settings));
    return outcomes.length === 0 ? [notApplicable(`${instance} stores nothing`)] : outcomes;
  },
});

function judge(instance: string, workload: unknown, settings: Settings): Outcome[] {
  const name = `${instance}/${textAt(workload, "name") ?? "?"}`;
  const also = revealed(isRecord(workload) ? workload["storesAlso"] : undefined);
  if (isUnknown(also)) return [unknown(`what ${name} stores`)];
  const stores = [isRecord(workload) ? workload["stores"] : undefined, ...listAt(also)];
  return stores.flatMap((each) => judgeStore(name, revealed(each), settings));
}

function judgeStore(name: string, stores: unknown, settings: Settings): Outcome[] {
  if (isUnknown(stores)) return [unknown(`what ${name} stores`)];
  if (!isRecord(stores)) return [];
  const backup = revealed(stores["backup"]);
  if (isUnknown(backup)) return [unknown(`the backup of ${name}`)];
  const data = textAt(stores, "what") ?? "data";
  if (!isRecord(backup)) return [fail(`${name} stores ${data}, and nothing says what backs it up`, fix)];
  return [
    "none" in backup ? judgeReason(`${name} stores ${data}`, backup["none"], settings) : judgeBackup(name, backup),
  ];
}

const fix = "State `backup` as {by, to, every}, or as {none: the reason}.";

function judgeReason(stores: string, reason: unknown, settings: Settings): Outcome {
  if (isUnknown(reason)) return unknown(`the reason why there is no backup where ${stores}`);
  const text = typeof reason === "string" ? reason.trim() : "";
  const putOff = settings.placeholders.find((word) => containsWord(text, word));
  const fault =
    text === ""
      ? "does not say why"
      : putOff !== undefined
        ? `puts the reason off: ${quote(text)}`
        : text.split(/\s+/).length < settings.wordsOfReason
          ? `gives no reason: ${quote(text)}`
          : undefined;
  if (fault === undefined) return pass;
  return fail(`${stores} without a backup and ${fault}`, "Say what makes the loss bearable, or back it up.");
}

function containsWord(text: string, word: string): boolean {
  return ` ${text.toLowerCase().replaceAll(/[^\p{L}\p{N}/]+/gu, " ")} `.includes(` ${word.toLowerCase()} `);
}

function judgeBackup(name: string, backup: Props): Outcome {
  const open = ["by", "to", "every"].find((key) => isUnknown(backup[key]));
  if (open !== undefined) return unknown(`${open} in the backup of ${name}`);
  const missing = ["by", "to", "every"].filter((key) => (textAt(backup, key) ?? "").trim() === "");
  if (missing.length > 0) return fail(`the backup of ${name} does not say: ${missing.join(", ")}`, fix);
  if (quantityPattern.duration.test(textAt(backup, "every") ?? "")) return pass;
  return fail(
    `the backup of ${name} is made every ${quote(backup["every"])}, which is no span of time`,
    "Write 6h or 1d.",
  );
}
