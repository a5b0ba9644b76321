import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

type Versions = Readonly<Record<string, string>>;

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Versions;
  readonly devDependencies?: Versions;
  readonly bin?: Versions;
}

const read = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));
const root = read("package.json") as Manifest;
const { packages: locked } = read("package-lock.json") as { packages: Readonly<Record<string, Manifest>> };
const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { encoding: "utf8" })
  .split("\n")
  .filter((file) => existsSync(file));

/** Folders of this repository's packages, as npm knows them. */
const folders = Object.keys(locked).filter((path) => path !== "" && !path.includes("node_modules/"));
const manifests = new Map(folders.map((folder) => [folder, read(join(folder, "package.json")) as Manifest] as const));

/** The package of `@isthmus/core/components` and `zod/v4`. */
const packageOf = (specifier: string): string =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");

/** Packages that a file imports, as TypeScript reads it: `import`, `export … from`, `import()` and `require()`. */
function importedBy(text: string): string[] {
  return ts
    .preProcessFile(text, true, true)
    .importedFiles.map(({ fileName }) => fileName)
    .filter((specifier) => !/^(\.|\/|node:)/.test(specifier))
    .map(packageOf);
}

const isTest = (file: string): boolean => /\.test\.ts$|\/(testing|example)\.ts$|\/fixtures\//.test(file);

/** What the files of a folder import: those that others get, and tests. */
function importsOf(folder: string): { readonly code: string[]; readonly tests: string[] } {
  const own = files.filter((file) => file.startsWith(`${folder}/`) && /\.(ts|cjs|js)$/.test(file));
  const packages = (some: readonly string[]) =>
    [...new Set(some.flatMap((file) => importedBy(readFileSync(file, "utf8"))))].sort();
  const code = packages(own.filter((file) => !isTest(file)));
  return { code, tests: packages(own.filter(isTest)).filter((name) => !code.includes(name)) };
}

const names = (versions: Versions = {}): string[] => Object.keys(versions).sort();

describe("packages of this repository", () => {
  it("are those of the folders in which they stand", () => {
    const there = files.filter((file) => /^(components\/(services\/)?[^/]+|policy)\/package\.json$/.test(file));
    assert.deepEqual(folders.map((folder) => `${folder}/package.json`).sort(), there.sort());
    assert.ok(folders.length >= 13);
  });

  for (const [folder, manifest] of manifests) {
    it(`${folder} declares what it imports, and nothing else, so that it can be used alone`, () => {
      const { code, tests } = importsOf(folder);
      assert.deepEqual(names(manifest.dependencies), code, "dependencies: what code imports");
      const typed = names(manifest.devDependencies).filter((name) => !name.startsWith("@types/"));
      assert.deepEqual(typed, tests, "devDependencies: what tests import");
    });
  }

  it("have one exact version of each package, that of the root where it has one", () => {
    const own = new Map([...manifests.values()].map(({ name, version }) => [name, version]));
    const wanted = { ...root.devDependencies, ...root.dependencies, ...Object.fromEntries(own) };
    for (const [folder, { dependencies, devDependencies }] of manifests)
      for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
        assert.match(version, /^\d+\.\d+\.\d+$/, `${folder}: ${name}`);
        assert.equal(version, wanted[name], `${folder}: ${name}`);
      }
  });

  it("are in package-lock.json as they are", () => {
    for (const [folder, { dependencies, devDependencies }] of manifests) {
      assert.deepEqual(locked[folder]?.dependencies ?? {}, dependencies ?? {}, `${folder}: run npm install`);
      assert.deepEqual(locked[folder]?.devDependencies ?? {}, devDependencies ?? {}, `${folder}: run npm install`);
    }
  });

  it("are read by TypeScript's own eyes: no import in a comment or text counts, each kind of import does", () => {
    const text = [
      'import { z } from "zod";',
      'export * from "@isthmus/core/components";',
      'const late = await import("yaml");',
      '// import x from "never";',
      "const text = 'import y from \"nor-this\"';",
      'import fs from "node:fs"; import own from "./own.ts";',
      'require("tsx/cjs/api").register();',
    ].join("\n");
    assert.deepEqual(importedBy(text).sort(), ["@isthmus/core", "tsx", "yaml", "zod"]);
  });
});

describe("the root's package.json", () => {
  const inPackages = new Set(folders.flatMap((folder) => Object.values(importsOf(folder)).flat()));
  const outside = files.filter(
    (file) =>
      /\.(ts|cjs|js)$/.test(file) && !folders.some((folder) => file.startsWith(`${folder}/`)) && !isProgram(file),
  );
  const imported = new Set(outside.flatMap((file) => importedBy(readFileSync(file, "utf8"))));
  const declared = new Set([...names(root.dependencies), ...names(root.devDependencies)]);

  it("declares what the program, commands, tools and tests import", () => {
    const missing = [...imported].filter((name) => !declared.has(name) && !name.startsWith("@isthmus/"));
    assert.deepEqual(missing, []);
  });

  it("declares nothing that no code imports, no script calls and no configuration names", () => {
    const called = ["package.json", ".mocharc.json", ".prettierrc.json", ".ci/run", "eslint.config.js"]
      .filter((file) => existsSync(file))
      .flatMap((file) =>
        readFileSync(file, "utf8")
          .replaceAll(/"[^"]+": "\d+\.\d+\.\d+"/g, "")
          .split(/[^\w@/.-]+/),
      );
    const idle = [...declared].filter((name) => {
      const bins = Object.keys(locked[`node_modules/${name}`]?.bin ?? {});
      const isCalled = [name, ...bins].some((one) => called.includes(one) || existsSync(`${one}.json`));
      return !imported.has(name) && !inPackages.has(name) && !name.startsWith("@types/") && !isCalled;
    });
    assert.deepEqual(idle, []);
  });
});

/** Fixtures and bench programs that are programs of their own, with a package.json beside them. */
function isProgram(file: string): boolean {
  const parts = file.split("/");
  return parts.some((_, index) => index > 0 && existsSync(join(...parts.slice(0, index), "package.json")));
}
