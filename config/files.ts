import { shapes, type Finding, type SourcePath } from "@isthmus/core";
import { nearestName } from "./findings.ts";
import { defineRule } from "./rules.ts";

const strayFileRule = defineRule({
  id: "stray-file",
  severity: "medium",
  summary: "Every file that is called like a stack file is read.",
  fix: "Call it as the site is called, add the site to the fleet, or move the file away.",
  docs: "docs/reference/fleet.md#keys-of-pulumiyaml",
});

export const fleetFile = "Pulumi.yaml";
export const siteFile = (site: string): string => `Pulumi.${site}.yaml`;

/** The sites that stack files among the files of a folder are named for. */
export function siteNamesIn(found: readonly string[]): string[] {
  return found
    .map((file) => /^Pulumi\.([a-z0-9-]+)\.yaml$/.exec(file)?.[1])
    .filter((name) => name !== undefined)
    .sort();
}

/** A file that nothing reads, with the one that it was probably meant to be. */
export type StrayFile = Finding & { readonly meant: SourcePath | undefined };

/**
 * Files that look like a stack's and are read by nobody: another case, another ending, a slip of the pen, or a site that the fleet
 * does not name.
 */
export function strayFiles(found: readonly string[], sites: readonly string[]): readonly StrayFile[] {
  const read = [fleetFile, ...sites.map(siteFile)];
  const missing = sites.filter((site) => !found.includes(siteFile(site)));
  return found
    .filter((file) => /^pulumi([._-][^.]+)?\.ya?ml(\.txt)?$/i.test(file) && !read.includes(file))
    .map((file) => {
      const site = /^pulumi[._-](.+?)\.ya?ml/i.exec(file)?.[1]?.toLowerCase();
      const plain = site === undefined ? fleetFile : siteFile(site);
      const same = read.find((one) => one.toLowerCase() === plain.toLowerCase());
      const near = same !== undefined || site === undefined ? undefined : nearestName(site, missing);
      const meant = same ?? (near === undefined ? undefined : siteFile(near));
      return {
        rule: strayFileRule.id,
        at: `${file}#` as SourcePath,
        problem: `nothing reads "${file}"`,
        meant: meant === undefined ? undefined : (`${meant}#` as SourcePath),
        fix: wayOf({ site, near, meant, isThere: meant !== undefined && found.includes(meant) }),
      };
    });
}

interface Stray {
  readonly site: string | undefined;
  /** A site without a file that has almost this name. */
  readonly near: string | undefined;
  readonly meant: string | undefined;
  readonly isThere: boolean;
}

function wayOf({ site = "", near, meant, isThere }: Stray): string {
  if (meant === undefined && !shapes.name.safeParse(site).success)
    return "move it away, or name it after a site: small letters, digits and hyphens";
  if (meant === undefined) return `add ${site} to sites in ${fleetFile}, or move the file away`;
  if (near !== undefined) return `call it ${meant}, or write ${site} for ${near} in sites of ${fleetFile}`;
  return isThere ? `move it away: ${meant} beside it is read` : `call it ${meant}`;
}
