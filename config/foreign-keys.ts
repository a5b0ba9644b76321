import { quote, readablePath, splitSourcePath, type Finding, type SourcePath } from "@isthmus/core";
import { notSupported, type NotSupported } from "./not-supported.ts";
import { saidOtherwise } from "./said-otherwise.ts";
import { notSupportedRule, unknownKeyRule } from "./shape-rules.ts";

/** A key of another tool that is written here: what is so, and what to write instead. `undefined` where nobody is known to have it. */
export function foreignKey(at: SourcePath, key: string): Finding | undefined {
  const name = normalised(key);
  const inService = splitSourcePath(at).keys[0] === "services";
  const topic = notSupported.find(({ keys, ofServices = [] }) => (inService ? ofServices : keys).includes(name));
  if (topic !== undefined) return notThere(at, key, topic);
  const instead = !inService && Object.hasOwn(saidOtherwise, name) ? saidOtherwise[name] : undefined;
  if (instead === undefined) return undefined;
  return { rule: unknownKeyRule.id, at, problem: `${quote(key)} is not a key here`, fix: instead };
}

/** A value that asks for something that is not supported, where only its shape would be told otherwise. */
export function foreignValue(at: SourcePath, value: unknown): Finding | undefined {
  if (typeof value !== "string") return undefined;
  const path = readablePath(at);
  const topic = notSupported.find(({ values }) => values?.at.test(path) === true && values.like.test(value));
  return topic === undefined ? undefined : notThere(at, value, topic);
}

function notThere(at: SourcePath, written: string, { topic, so, instead }: NotSupported): Finding {
  return {
    rule: notSupportedRule.id,
    at,
    problem: `${quote(written)} is not supported (${topic}): ${so}`,
    fix: instead,
  };
}

/** A name however a tool writes it: `cluster-domain`, `clusterDomain` and `CLUSTER_DOMAIN` are one. */
export const normalised = (key: string): string => key.toLowerCase().replace(/[-_.]/g, "");
