import { existsSync, readdirSync } from "node:fs";
import {
  below,
  quote,
  unique,
  UserError,
  type Finding,
  type Service,
  type SourcePath,
  unknownServiceRule,
} from "@isthmus/core";
import { check, nearestName, unknownKey } from "./findings.ts";
import { missingRule } from "./shape-rules.ts";
import { fleetSchema, type Fleet } from "./fleet-schema.ts";
import { fleetFile, siteFile, siteNamesIn, strayFiles } from "./files.ts";
import { withoutMistakes } from "./repair.ts";
import { readSecrets, type DeclaredSecret } from "./secrets.ts";
import { complete, type CompleteSite } from "./complete.ts";
import { siteSchema } from "./site-schema.ts";
import { isRecord, Sources } from "./sources.ts";
import { defineRule } from "./rules.ts";

export const nameTwiceRule = defineRule({
  id: "name-twice",
  severity: "high",
  summary: "Sites and nodes have names of their own in the whole fleet.",
  fix: "Give each a name of its own.",
  docs: "docs/reference/site.md#nodes",
  needsWhole: [],
});

const missingFileRule = defineRule({
  id: "missing-file",
  severity: "high",
  summary: "The fleet and each of its sites have a stack file.",
  fix: "Make the file, or take the site out of the fleet.",
  docs: "docs/reference/fleet.md#keys-of-pulumiyaml",
});

const reservedNameRule = defineRule({
  id: "reserved-name",
  severity: "high",
  summary: "No service has a name that the cluster itself uses.",
  fix: "Give the service another name, and say what it is with `service`.",
  docs: "docs/reference/site.md#services",
});

/** One configured instance of a service, its arguments checked. */
export interface ConfiguredService {
  readonly instance: string;
  readonly service: Service;
  readonly args: unknown;
  readonly from: SourcePath;
}

export interface SiteModel extends Omit<CompleteSite, "services"> {
  readonly name: string;
  readonly services: readonly ConfiguredService[];
  /** The secrets that the file holds, by name; never their values. */
  readonly secrets: Readonly<Record<string, DeclaredSecret>>;
  readonly from: SourcePath;
}

/** All stack files as one immutable value. */
export interface Model {
  readonly fleet: Fleet;
  readonly sites: readonly SiteModel[];
  readonly sources: Sources;
}

/** What was read: the model, or everything that is wrong with the files' shapes, and the model of what is right in them. */
export type Loaded =
  | { readonly model: Model; readonly sources: Sources }
  | { readonly findings: readonly Finding[]; readonly sources: Sources; readonly partial?: Model };

/** Reads the stack files of a folder and checks their shapes, all at once. Rules across fields follow in `rules/`. */
export function load(directory: string, catalogue: readonly Service[]): Loaded {
  const sources = new Sources(directory);
  const findings: Finding[] = [];
  const fleet = collect(() => readFleet(sources), findings);
  const found = existsSync(directory) ? readdirSync(directory) : [];
  // Where Pulumi.yaml does not say which sites there are, the files do: so that their mistakes are told too.
  const names = fleet?.sites ?? siteNamesIn(found);
  const strays = strayFiles(found, names);
  findings.push(...sitesTwice(names), ...strays);
  const sites = unique(names).map((name, index) =>
    collect(() => readSite(name, index, { sources, catalogue }), findings),
  );
  const complete = sites.filter((site) => site !== undefined);
  // A file under another name is not missing besides.
  const told = findings.filter(
    ({ rule, at }) => rule !== missingFileRule.id || !strays.some(({ meant }) => at === meant),
  );
  if (fleet === undefined) return { findings: told, sources };
  const model = { fleet, sites: complete, sources };
  return told.length > 0 ? { findings: told, sources, partial: model } : { model, sources };
}

function collect<T>(
  read: () => { value: T | undefined; findings: readonly Finding[] },
  into: Finding[],
): T | undefined {
  try {
    const { value, findings } = read();
    into.push(...findings);
    return value;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    into.push(...error.findings);
    return undefined;
  }
}

interface Read<T> {
  readonly value: T | undefined;
  readonly findings: readonly Finding[];
}

function readFleet(sources: Sources): Read<Fleet> {
  if (!sources.has(fleetFile))
    return missingFile(fleetFile, `make it: the fleet stands under config → isthmus:fleet → value`);
  const raw = sources.read(fleetFile, ["config", "isthmus:fleet", "value"]);
  const keys = unknownKeys(sources, fleetFile, ["isthmus:fleet"]);
  if (raw === undefined) {
    if (keys.some(({ meant }) => meant === "isthmus:fleet")) return { value: undefined, findings: keys };
    return { value: undefined, findings: [...keys, noFleet(sources)] };
  }
  const checked = check(fleetSchema, raw, `${fleetFile}#`);
  return "value" in checked
    ? { value: checked.value, findings: keys }
    : { value: undefined, findings: [...keys, ...checked.findings] };
}

function noFleet(sources: Sources): Finding {
  const shape = notAMap(sources, fleetFile);
  const stated = sources.raw(fleetFile, ["config", "isthmus:fleet"]);
  if (shape === undefined && isRecord(stated)) {
    // Pulumi takes a map at this place of Pulumi.yaml for a description of the setting, not for its value.
    const fix = "write value: below isthmus:fleet, and indent the facts of the fleet below that";
    return { rule: missingRule.id, at: `${fleetFile}#/..`, problem: "isthmus:fleet has no value", fix };
  }
  const fix = "add config → isthmus:fleet → value with the facts that all sites share";
  return { rule: missingRule.id, at: `${fleetFile}#`, problem: shape ?? "it has no fleet", fix };
}

/** What a file is that has no keys at all. */
function notAMap(sources: Sources, file: string): string | undefined {
  const whole = sources.raw(file, []);
  if (whole === null) return "the file is empty";
  if (Array.isArray(whole)) return "the file is a list, where a map with the key config belongs";
  return isRecord(whole) ? undefined : "the file is a single value, where a map with the key config belongs";
}

/** Keys of ours under `config` that nothing reads: a slip of the pen, or facts that stand in the wrong file. */
function unknownKeys(
  sources: Sources,
  file: string,
  known: readonly string[],
): (Finding & { readonly meant?: string })[] {
  const config = sources.raw(file, ["config"]);
  // `..` leads from the value that paths begin at to the keys beside it.
  const beside: SourcePath = file === fleetFile ? `${file}#/../..` : `${file}#/..`;
  return Object.keys(isRecord(config) ? config : {})
    .filter((key) => (key.startsWith("isthmus:") || !key.includes(":")) && !known.includes(key))
    .map((key) => misplacedKey(below(beside, key), key, known));
}

/** All of a site or fleet may stand below it: it is never said to be removed. */
function misplacedKey(at: SourcePath, key: string, known: readonly string[]): Finding & { readonly meant?: string } {
  const meant = nearestName(key.includes(":") ? key : `isthmus:${key}`, known);
  if (meant === undefined) return unknownKey(at, key, known);
  return { ...unknownKey(at, key, []), fix: `write ${meant}: what stands below it is read then`, meant };
}

function sitesTwice(names: readonly string[]): Finding[] {
  return names.flatMap((name, index) =>
    names.indexOf(name) === index
      ? []
      : [
          {
            rule: nameTwiceRule.id,
            at: `${fleetFile}#/sites/${index}` as SourcePath,
            problem: `"${name}" is named twice`,
            fix: "name each site once",
          },
        ],
  );
}

function missingFile(file: string, fix: string): { value: undefined; findings: Finding[] } {
  return {
    value: undefined,
    findings: [{ rule: missingFileRule.id, at: `${file}#`, problem: "the file is not there", fix }],
  };
}

function readSite(
  name: string,
  index: number,
  { sources, catalogue }: { sources: Sources; catalogue: readonly Service[] },
): Read<SiteModel> {
  const file = siteFile(name);
  const from: SourcePath = `${file}#`;
  if (!sources.has(file)) {
    const fix = `make it, or remove ${name} from ${fleetFile} (sites, place ${index + 1})`;
    return missingFile(file, fix);
  }
  const raw = sources.read(file, ["config", "isthmus:site"]);
  const keys = unknownKeys(sources, file, ["isthmus:site", "isthmus:secrets"]);
  if (raw === undefined) {
    if (keys.some(({ meant }) => meant === "isthmus:site")) return { value: undefined, findings: keys };
    const fix = "add config → isthmus:site with what is at that site";
    const problem = notAMap(sources, file) ?? "it has no site";
    return { value: undefined, findings: [...keys, { rule: missingRule.id, at: from, problem, fix }] };
  }
  const checked = check(siteSchema, raw, from);
  const secrets = readSecrets(sources, file);
  const services = readServices(isRecord(raw) ? raw["services"] : undefined, below(from, "services"), catalogue);
  const shape = "findings" in checked ? checked.findings : [];
  const findings = [...keys, ...shape, ...secrets.findings, ...services.findings];
  const repaired = "value" in checked ? checked : check(siteSchema, withoutMistakes(raw, shape), from);
  if (!("value" in repaired)) return { value: undefined, findings };
  return {
    value: { ...complete(repaired.value), name, services: services.value, secrets: secrets.value, from },
    findings,
  };
}

function readServices(
  raw: unknown,
  at: SourcePath,
  catalogue: readonly Service[],
): { value: ConfiguredService[]; findings: Finding[] } {
  const value: ConfiguredService[] = [];
  const findings: Finding[] = [];
  for (const [instance, settings] of Object.entries(isRecord(raw) ? raw : {})) {
    // What is no map is told with the site's own shape.
    if (!isRecord(settings)) continue;
    const from = below(at, instance);
    if (isReserved(instance)) findings.push(reservedName(instance, from));
    const { service: kind = instance, ...args } = settings;
    // What is no text is told with the site's own shape, too.
    if (typeof kind !== "string") continue;
    const service = catalogue.find((candidate) => candidate.name === kind);
    if (service === undefined) {
      findings.push(unknownService({ kind, from, explicit: "service" in settings }, catalogue));
      continue;
    }
    const checked = check(service.schema, args, from);
    if ("value" in checked) value.push({ instance, service, args: checked.value, from });
    else findings.push(...checked.findings);
  }
  return { value, findings };
}

function unknownService(
  { kind, from, explicit }: { kind: unknown; from: SourcePath; explicit: boolean },
  catalogue: readonly Service[],
): Finding {
  const names = catalogue.map((service) => service.name);
  const known = names.join(", ");
  const nearest = nearestName(String(kind), names);
  const meant = nearest === undefined ? "" : `did you mean ${nearest}? If not, `;
  return {
    rule: unknownServiceRule.id,
    at: explicit ? below(from, "service") : from,
    problem: `${quote(kind)} is no service`,
    fix: explicit
      ? `${meant}write one of: ${known}`
      : `${meant}name it after one of ${known}, or add \`service: NAME\` to it`,
  };
}

/** An instance's name is that of its namespace, and one of the names that promises are made for. */
function isReserved(instance: string): boolean {
  return ["kubernetes", "links", "default"].includes(instance) || /^(kube|isthmus)-/.test(instance);
}

function reservedName(instance: string, at: SourcePath): Finding {
  const problem = `"${instance}" is a name that the cluster itself uses`;
  return {
    rule: reservedNameRule.id,
    at,
    problem,
    fix: "give the service another name, and say what it is with `service`",
  };
}
