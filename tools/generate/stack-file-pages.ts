import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Service } from "@isthmus/core";
import { parse } from "yaml";
import { z } from "zod";
import { fleetSchema } from "../../config/fleet-schema.ts";
import { siteSchema } from "../../config/site-schema.ts";
import { examplesOf } from "./schema-examples.ts";
import { keyColumns, keyRows, page, table, type Examples, type JsonSchema } from "./schema-table.ts";

const mark = "<!-- Generated from the schemas of the stack files by `npm run generate`; do not edit. -->";

/** A page of the reference for each kind of stack file, by path below `docs/reference`. */
export function stackFilePages(files: StackFiles): Map<string, string> {
  return new Map([
    ["fleet.md", fleetPage(files)],
    ["site.md", sitePage(files)],
  ]);
}

function fleetPage(files: StackFiles): string {
  const schema = inputSchema(fleetSchema);
  return page([
    "# Keys of Pulumi.yaml",
    mark,
    "Facts that all sites share stand in `Pulumi.yaml` under `config`, `isthmus:fleet`, `value`. `name`, `description` and `runtime` above them are [Pulumi's own](https://www.pulumi.com/docs/iac/concepts/projects/project-file/).",
    ...legend,
    table(keyColumns, keyRows(schema, examplesOf(schema, files.fleets))),
  ]);
}

function sitePage(files: StackFiles): string {
  const schema = inputSchema(siteSchema);
  const examples = examplesOf(schema, files.sites);
  const sections = Object.keys(schema.properties ?? {});
  return page([
    "# Keys of Pulumi.&lt;site&gt;.yaml",
    mark,
    "What is at a site stands in `Pulumi.<site>.yaml` under `config`, `isthmus:site`. Values of secrets stand beside it under `isthmus:secrets`, encrypted: `pulumi config set` writes them ([state and secrets](../guide/secrets-and-state.md)), and other keys hold their names. Keys of other Pulumi packages, and those that Pulumi writes at the top of the file (`secretsprovider`, `encryptedkey`, `encryptionsalt`, `environment`), are left alone.",
    ...legend,
    `In this order: ${sections.map((name) => `[${name}](#${name.toLowerCase()})`).join(", ")}.`,
    ...sections.flatMap((name) => section(name, schema, examples)),
  ]);
}

const legend = [
  "`<name>` stands for a name that you choose, `[]` for each item of a list. Examples are from the default stack files and from those that tests keep; a checksum, key or certificate in them is cut off. Amounts of memory and disks have the units Mi, Gi and Ti: 1Gi is 1024Mi, 1073741824 bytes. A key that is there twice belongs to alternatives, of which one is chosen.",
];

function section(name: string, schema: JsonSchema, examples: Examples): string[] {
  const own = schema.properties?.[name] ?? {};
  const rows = keyRows({ properties: { [name]: own }, required: schema.required ?? [] }, examples);
  return [
    `## ${name}`,
    table(keyColumns, rows),
    ...(name === "services"
      ? ["An instance's other keys are its service's arguments: [each service has a page](services/README.md)."]
      : []),
  ];
}

export const inputSchema = (schema: z.ZodType): JsonSchema =>
  z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema;

/** What stands in stack files: of fleets, and of sites. */
export interface StackFiles {
  readonly fleets: readonly unknown[];
  readonly sites: readonly unknown[];
}

/** The default ones, which `root` holds, those of tests, then examples of what none of them has. */
export function stackFiles(root: string): StackFiles {
  const valid = join(root, "config", "fixtures", "valid");
  const folders = [
    root,
    ...readdirSync(valid)
      .sort()
      .map((name) => join(valid, name)),
  ];
  const found = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /^Pulumi(\..+)?\.yaml$/.test(name))
      .sort()
      .map((name) => parse(readFileSync(join(folder, name), "utf8"), { merge: true }) as StackFile),
  );
  const { fleet, site, services } = parse(readFileSync(furtherExamples, "utf8")) as FurtherExamples;
  return {
    fleets: [...found.flatMap(({ config }) => config?.["isthmus:fleet"]?.value ?? []), fleet],
    sites: [...found.flatMap(({ config }) => config?.["isthmus:site"] ?? []), { ...site, services }],
  };
}

const furtherExamples = join(import.meta.dirname, "further-examples.yaml");

interface FurtherExamples {
  readonly fleet: object;
  readonly site: object;
  readonly services: object;
}

interface StackFile {
  readonly config?: { readonly "isthmus:fleet"?: { readonly value?: unknown }; readonly "isthmus:site"?: unknown };
}

/** Arguments of a service in stack files that are in order. */
export function argumentsIn({ sites }: StackFiles, service: Service): unknown[] {
  return sites.flatMap((site) =>
    Object.entries(
      (site as { services?: Readonly<Record<string, { service?: string } | null>> }).services ?? {},
    ).flatMap(([name, values]) => ((values?.service ?? name) === service.name ? [values] : [])),
  );
}
