import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { generateSchemas } from "../../config/json-schema.ts";
import { catalogue } from "../../plan/catalogue.ts";
import type { FleetPlan } from "../../plan/plans.ts";
import { verbs } from "../../cli/commands/index.ts";
import { allRules } from "../../cli/lib/policy/all-rules.ts";
import { commandsPage, withCommands } from "./commands-page.ts";
import { drawFleet } from "./picture/fleet.ts";
import { picturedLink, picturedSites } from "./picture/sites.ts";
import { previewDocument } from "../../cli/lib/preview/document.ts";
import { previewSchema } from "../../cli/lib/preview/document-schema.ts";
import { previewText } from "../../cli/lib/preview/text.ts";
import { plain } from "../../cli/lib/terminal/style.ts";
import { notSupportedPage, notSupportedText, withNotSupported } from "./not-supported.ts";
import { withExcerpt } from "./readme.ts";
import { rulesPage, rulesText } from "./rules-page.ts";
import { generatedMark, servicePages } from "./service-pages.ts";
import { stackFilePages, stackFiles } from "./stack-file-pages.ts";

/** Files by their path below the repository's root. */
export type Files = ReadonlyMap<string, string>;

const reference = "docs/reference";
const pages = `${reference}/services`;

/** Everything in the repository that is derived from code or from the default stack files. */
export async function generatedFiles(fleet: FleetPlan): Promise<Files> {
  const files = stackFiles(process.cwd());
  const preview = previewText(await previewDocument(fleet, []), fleet, { style: plain });
  return new Map([
    ["README.md", withCommands(withNotSupported(withExcerpt(readFileSync("README.md", "utf8"), preview)), verbs)],
    [`${reference}/commands.md`, commandsPage(verbs)],
    [notSupportedPage, notSupportedText()],
    [rulesPage, rulesText(allRules)],
    ["docs/fleet.svg", drawFleet(picturedSites(fleet), picturedLink(fleet))],
    ...generateSchemas(catalogue),
    ["schemas/preview.json", json(z.toJSONSchema(previewSchema, { reused: "ref" }))],
    ...below(reference, stackFilePages(files)),
    ...below(pages, servicePages(catalogue, fleet, files)),
  ]);
}

const below = (folder: string, files: ReadonlyMap<string, string>): [string, string][] =>
  [...files].map(([file, content]) => [`${folder}/${file}`, content]);

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** How a folder differs from what it should hold: files that are missing or differ, and those that nothing generates any more. */
export function staleFiles(root: string, files: Files): string[] {
  const wrong = [...files].filter(([path, content]) => contentOf(join(root, path)) !== content).map(([path]) => path);
  return [...wrong, ...leftOver(root, files)];
}

/** Pages of services that are gone. What nobody generated is somebody's own. */
export function leftOver(root: string, files: Files): string[] {
  const folder = join(root, pages);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => `${pages}/${name}`)
    .filter((path) => !files.has(path) && readFileSync(join(root, path), "utf8").includes(generatedMark));
}

const contentOf = (path: string): string | undefined => (existsSync(path) ? readFileSync(path, "utf8") : undefined);
