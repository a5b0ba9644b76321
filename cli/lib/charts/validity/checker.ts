import type { Ajv, ValidateFunction } from "ajv";
import { objectName, quote } from "@isthmus/core";
import { isRecord, listAt, mapAt, textAt, textsAt, type Json, type KubernetesObject } from "../kubernetes.ts";
import { describe } from "./describe.ts";
import { jsonSchemaOf, withObjectFields } from "./openapi.ts";
import { brokenRules } from "./rules.ts";
import { validator } from "./validator.ts";

/** Where schemas of kinds come from. */
export interface SchemaSources {
  /** Kubernetes' own `definitions`, of OpenAPI v2. */
  readonly definitions: Json;
  /** The CustomResourceDefinition of a kind. */
  crd(group: string, kind: string): Json | undefined;
}

interface ObjectSchema {
  readonly validate: ValidateFunction;
  /** Of a CRD: the schema with its rules in CEL. */
  readonly rules?: Json | undefined;
  /** Absent for kinds of Kubernetes itself, whose schema does not say. */
  readonly namespaced?: boolean | undefined;
}

/** Says what the API server would refuse of objects that are made, by the schemas of their kinds. */
export class ObjectChecker {
  private readonly known = new Map<string, ObjectSchema | undefined>();
  private readonly custom: Ajv = validator({ defaults: true });
  private readonly core: Ajv = validator({ defaults: false });
  private readonly coreNames: ReadonlyMap<string, string>;

  constructor(private readonly sources: SchemaSources) {
    this.coreNames = new Map(
      Object.entries(sources.definitions).flatMap(([name, schema]) => kindsOf(schema).map((kind) => [kind, name])),
    );
    const definitions = Object.entries(sources.definitions).map(([name, one]) => [
      name,
      jsonSchemaOf(isRecord(one) ? one : {}),
    ]);
    this.core.addSchema({ definitions: Object.fromEntries(definitions) as Json }, "kubernetes");
  }

  /**
   * Fields that its kind does not have, values that its schema or a rule in CEL refuses, a namespace where it has none, names and
   * labels that are none. What Kubernetes checks in Go beyond its schema, and what webhooks say, is not among it.
   */
  problems(object: KubernetesObject): readonly string[] {
    const tell = (problem: string): string => `${object.kind} ${object.metadata.name}: ${problem}`;
    const schema = this.schemaOf(object);
    if (schema === undefined) return [tell(`no schema of ${object.apiVersion} ${object.kind} is at hand`)];
    const { validate, namespaced, rules } = schema;
    // Defaults are filled in, as the API server does before it looks at rules. What is null is not said.
    const copy = withoutNulls(object);
    const problems = validate(copy) ? [] : (validate.errors ?? []).map(describe);
    if (rules !== undefined && problems.length === 0) problems.push(...brokenRules(rules, copy));
    return [...new Set([...problems, ...metadataProblems(object, namespaced)])].map(tell);
  }

  private schemaOf({ apiVersion, kind }: KubernetesObject): ObjectSchema | undefined {
    const id = `${apiVersion}/${kind}`;
    if (!this.known.has(id)) this.known.set(id, this.customSchema(apiVersion, kind) ?? this.coreSchema(id));
    return this.known.get(id);
  }

  private customSchema(apiVersion: string, kind: string): ObjectSchema | undefined {
    const [group = "", version = ""] = apiVersion.split("/");
    const crd = version === "" ? undefined : this.sources.crd(group, kind);
    const found = listAt(crd, "spec", "versions").find((one) => one["name"] === version && one["served"] === true);
    if (found === undefined) return undefined;
    const rules = mapAt(found, "schema", "openAPIV3Schema");
    const validate = this.custom.compile(withObjectFields(jsonSchemaOf(rules)));
    return { validate, rules, namespaced: textAt(crd, "spec", "scope") === "Namespaced" };
  }

  private coreSchema(id: string): ObjectSchema | undefined {
    const name = this.coreNames.get(id);
    const validate = name === undefined ? undefined : this.core.getSchema(`kubernetes#/definitions/${name}`);
    return validate === undefined ? undefined : { validate };
  }
}

/** `group/version/Kind`, or `version/Kind` in the core group. */
function kindsOf(schema: unknown): readonly string[] {
  return listAt(schema, "x-kubernetes-group-version-kind").map(({ group, version, kind }) =>
    [group, version, kind].filter((part) => part !== "").join("/"),
  );
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isRecord(value)) return value;
  const said = Object.entries(value).filter(([, below]) => below !== null);
  return Object.fromEntries(said.map(([key, below]) => [key, withoutNulls(below)]));
}

/** Roles and their bindings: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#path-segment-names */
const pathSegment = /^(?!\.{1,2}$)[^/%]+$/;
/** https://github.com/kubernetes/kubernetes/blob/v1.34.3/staging/src/k8s.io/apimachinery/pkg/util/validation/validation.go */
const labelValue = /^(?=.{0,63}$)(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const labelKey = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?(?=[^/]{1,63}$)([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;

function metadataProblems({ apiVersion, metadata, ...object }: KubernetesObject, namespaced?: boolean): string[] {
  const { name, namespace } = metadata;
  const problems: string[] = [];
  if (!(apiVersion.startsWith("rbac.") ? pathSegment : objectName).test(name))
    problems.push(`metadata.name: "${name}" is not a name that Kubernetes takes`);
  if (namespaced === true && namespace === undefined) problems.push("metadata.namespace: it has to be in a namespace");
  if (namespaced === false && namespace !== undefined) problems.push("metadata.namespace: its kind is in no namespace");
  for (const path of [["metadata"], ["spec", "template", "metadata"]]) {
    for (const [key, value] of Object.entries(textsAt({ metadata, ...object }, ...path, "labels"))) {
      if (!labelKey.test(key))
        problems.push(`${path.join(".")}.labels: ${quote(key)} is not a key that Kubernetes takes`);
      if (!labelValue.test(value))
        problems.push(`${path.join(".")}.labels.${key}: ${quote(value)} is not a value that Kubernetes takes`);
    }
  }
  return problems;
}
