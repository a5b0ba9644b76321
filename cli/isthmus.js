#!/usr/bin/env node
// Starts the program as one file: isthmus VERB [ARGUMENTS]. Node.js 20 loads TypeScript through another thread, module by module,
// which takes as long as all that a preview does. `node --import tsx cli/isthmus.ts VERB` does the same.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const project = dirname(here);
const bundles = join(project, "node_modules", ".cache", "isthmus");

/** Written as many small modules that load faster as part of one. */
const inlined = ["zod", "fflate"];

/** Other packages stay where they are: the SDK is one of them, and it is one for everybody. */
const othersStayOutside = {
  name: "others stay outside",
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
      const inside = kind === "entry-point" || path.startsWith("@isthmus/") || inlined.includes(path);
      return inside ? undefined : { path, external: true };
    });
  },
};

/** Scripts and tables that a module reads lie beside its source. */
const whereTheyAre = {
  name: "where they are",
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const places = { url: pathToFileURL(path).href, dirname: dirname(path), filename: path };
      const contents = readFileSync(path, "utf8").replace(/\bimport\.meta\.(url|dirname|filename)\b/g, (_, place) =>
        JSON.stringify(places[place]),
      );
      return { contents, loader: "ts" };
    });
  },
};

/** One verb alone where it is one: the others need not be read. */
function entryOf(verb) {
  if (!/^[a-z][a-z-]*$/.test(verb) || !existsSync(join(here, "commands", `${verb}.ts`)))
    return `import "./isthmus.ts";`;
  return [
    `import { command } from "./commands/${verb}.ts";`,
    `import { start } from "./lib/command/start.ts";`,
    `await start([command], process.argv.slice(2));`,
  ].join("\n");
}

async function bundle(verb) {
  const { outputFiles } = await build({
    absWorkingDir: project,
    stdin: { contents: entryOf(verb), resolveDir: here, sourcefile: "entry.ts", loader: "ts" },
    outdir: bundles,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    write: false,
    format: "esm",
    platform: "node",
    target: "node20",
    plugins: [othersStayOutside, whereTheyAre],
  });
  return outputFiles;
}

/** Under the digest of what is in it: who runs at the same time has the same one, or another folder. */
function kept(files) {
  const digest = createHash("sha256");
  for (const { hash } of files) digest.update(hash);
  const folder = join(bundles, digest.digest("hex").slice(0, 16));
  if (existsSync(folder)) return folder;
  mkdirSync(bundles, { recursive: true });
  const unfinished = mkdtempSync(join(bundles, "unfinished-"));
  for (const { path, contents } of files) writeFileSync(join(unfinished, basename(path)), contents);
  try {
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

const folder = kept(await bundle(process.argv[2] ?? ""));
await import(pathToFileURL(join(folder, "stdin.mjs")).href);
