import { getAt } from "@isthmus/core";
import { isCollection, parseDocument, type Document } from "yaml";
import { readCases, validFleet } from "../../../config/cases.ts";
import { isRecord } from "../../../config/sources.ts";
import { folders } from "./changes.ts";

/** The site that a stack file describes, if it does. */
export function siteOf(document: unknown): Record<string, unknown> | undefined {
  return getAt(document, "config.isthmus:site") as Record<string, unknown> | undefined;
}

/** Every service as some fixture or case has it. */
export const allServices = [
  ...folders.flatMap((folder) => [...validFleet(folder)]),
  ...readCases().flatMap(({ files }) => [...files]),
].flatMap(([file, bytes]) => (/^Pulumi\.\w.*\.yaml$/.test(file) ? servicesIn(bytes.toString()) : []));

function servicesIn(text: string): [string, Record<string, unknown>][] {
  const document = parseDocument(text);
  const services: unknown =
    document.errors.length > 0 ? {} : toTree(document.getIn(["config", "isthmus:site", "services"]), document);
  return Object.entries(isRecord(services) ? services : {}).flatMap(
    ([name, settings]): [string, Record<string, unknown>][] => (isRecord(settings) ? [[name, settings]] : []),
  );
}

/** A part of a document as plain data, or nothing where an anchor holds itself. */
function toTree(node: unknown, document: Document): unknown {
  try {
    return isCollection(node) ? (JSON.parse(JSON.stringify(node.toJS(document))) as unknown) : undefined;
  } catch {
    return undefined;
  }
}
