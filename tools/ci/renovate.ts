/** What Renovate's own expressions find, as its custom manager `regex` reads them with `matchStringsStrategy: any`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface RenovateConfig {
  readonly ignorePaths: readonly string[];
  readonly customManagers: readonly CustomManager[];
  readonly packageRules: readonly Readonly<Record<string, unknown>>[];
}

interface CustomManager {
  readonly managerFilePatterns: readonly string[];
  readonly matchStrings: readonly string[];
  readonly [template: `${string}Template`]: string | undefined;
}

/** A version that Renovate would look for a newer one of. */
export interface Found {
  readonly file: string;
  readonly datasource: string;
  readonly depName: string;
  readonly currentValue: string;
  readonly registryUrl?: string;
  /** All that is replaced in: every place in it where the version stands gets the new one. */
  readonly replaceString: string;
}

/** Names of groups and templates: `validMatchFields` in lib/modules/manager/custom/utils.ts of renovatebot/renovate. */
const fields = ["datasource", "depName", "currentValue", "registryUrl"] as const;

/** All that the custom managers find in files of a repository, in their order. */
export function found(config: RenovateConfig, root: string, files: readonly string[]): Found[] {
  const read = files.filter((file) => !isIgnored(config, file));
  return config.customManagers.flatMap((manager) =>
    read
      .filter((file) => manager.managerFilePatterns.some((pattern) => matchesPattern(pattern, file)))
      .flatMap((file) => inFile(manager, file, readFileSync(join(root, file), "utf8"))),
  );
}

/** `handleAny` in lib/modules/manager/custom/regex/strategies.ts; what lacks one of the three fields is dropped there too. */
export function inFile(manager: CustomManager, file: string, content: string): Found[] {
  return manager.matchStrings.flatMap((text) =>
    [...content.matchAll(new RegExp(text, "g"))].flatMap((match): Found[] => {
      const values = Object.fromEntries(
        fields.flatMap((field) => {
          const value = manager[`${field}Template`] ?? match.groups?.[field];
          return value === undefined ? [] : [[field, value]];
        }),
      ) as Partial<Found>;
      const { datasource, depName, currentValue } = values;
      if (datasource === undefined || depName === undefined || currentValue === undefined) return [];
      return [{ ...values, file, datasource, depName, currentValue, replaceString: match[0] }];
    }),
  );
}

/** `/…/` is a regular expression; we write no other patterns. */
function matchesPattern(pattern: string, file: string): boolean {
  return new RegExp(pattern.slice(1, -1)).test(file);
}

/** Of minimatch's patterns we write `**` at both ends and plain folders only. */
export function isIgnored({ ignorePaths }: RenovateConfig, file: string): boolean {
  return ignorePaths.some((glob) => {
    const inside = glob.replace(/^\*\*\//, "").replace(/\/\*\*$/, "");
    return glob.startsWith("**/") ? `/${file}`.includes(`/${inside}/`) : file.startsWith(`${inside}/`);
  });
}
