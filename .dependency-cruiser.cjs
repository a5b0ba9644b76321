"use strict";
// Imports point one way: core ← availability, remote, helm ← machines, k3s, services ← config, plan, policy ← program ← index.ts, cli.
// A folder may import itself and what stands beside it here. One that stands nowhere may neither import nor be imported.
const leaves = ["components/core", "components/availability", "components/remote", "components/helm"];
const packages = [
  "components/proxmox",
  "components/hosts",
  "components/k3s",
  ...["networking", "storage", "data", "secrets", "observability"].map((concern) => `components/services/${concern}`),
];
const upToThePlan = [...leaves, ...packages, "config", "plan"];
const mayImport = {
  "components/core": [],
  "components/availability": ["components/core"],
  "components/remote": ["components/core"],
  "components/helm": ["components/core"],
  ...Object.fromEntries(packages.map((each) => [each, leaves])),
  policy: leaves,
  config: [...leaves, ...packages],
  plan: [...leaves, ...packages, "config"],
  // The program judges its own plan by the pack's rules before it registers anything; the pack under the engine is the second line.
  program: [...upToThePlan, "policy"],
  cli: [...upToThePlan, "program", "policy", "tools/bench"],
  "tools/bench": [...upToThePlan, "program", "policy", "cli", "tests/kits"],
  "tools/generate": [...upToThePlan, "program", "policy", "cli"],
  "tools/ci": [],
  tests: [...upToThePlan, "program", "policy", "cli", "tools"],
};

/** What only tests import: they may import everything. */
const test = "\\.test\\.ts$|/testing\\.ts$";
const within = (folders) => `^(${folders.join("|")})/`;
const ours = "^(components|config|plan|program|policy|cli|tools|tests)/";

const byFolder = Object.entries(mayImport).map(([folder, others]) => ({
  name: `${folder.replaceAll("/", "-")}-imports-what-it-may`,
  severity: "error",
  from: { path: within([folder]), pathNot: test },
  to: { path: ours, pathNot: within([folder, ...others]) },
}));

module.exports = {
  forbidden: [
    { name: "no-circular", severity: "error", from: {}, to: { circular: true } },
    ...byFolder,
    {
      name: "every-folder-stands-in-the-table",
      severity: "error",
      from: { path: ours, pathNot: within(Object.keys(mayImport)) },
      to: {},
    },
    {
      name: "no-folder-is-imported-that-is-not-in-the-table",
      severity: "error",
      from: {},
      to: { path: ours, pathNot: within(Object.keys(mayImport)) },
    },
    {
      name: "what-tests-share-stays-with-tests",
      severity: "error",
      from: { pathNot: `${test}|^tests/|^tools/bench/` },
      to: { path: "/testing\\.ts$" },
    },
    {
      // What comes with other packages is seen by program/start-up.test.ts.
      name: "the-plan-loads-no-sdk",
      severity: "error",
      from: { path: "^(config|plan)/", pathNot: test },
      to: { path: "node_modules/@pulumi/", dependencyTypesNot: ["type-only"] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "default"],
      extensions: [".ts", ".js", ".cjs"],
    },
  },
};
