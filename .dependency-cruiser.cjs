"use strict";
// Imports point one way: core ← availability, remote, helm ← machines, k3s, services ← config, plan ← program ← index.ts, tools.
const packages = (names) => `^components/(${names})/`;
const leaves = "availability|remote|helm";
const middle = "proxmox|hosts|k3s|networking|storage|data|secrets|observability";

module.exports = {
  forbidden: [
    // Types alone may refer to one another: nothing of them is left when the program runs.
    {
      name: "no-circular",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "core-imports-nothing-of-ours",
      severity: "error",
      from: { path: packages("core"), pathNot: "\\.test\\.ts$" },
      to: { path: "^(components|config|plan|program|policy|tools|tests)/", pathNot: packages("core") },
    },
    {
      name: "leaves-import-only-core",
      severity: "error",
      from: { path: packages(leaves), pathNot: "\\.test\\.ts$" },
      to: {
        path: "^(components|config|plan|program|policy|tools|tests)/",
        pathNot: `${packages("core")}|^components/$1/`,
      },
    },
    {
      name: "packages-import-only-leaves",
      severity: "error",
      from: { path: `^components/(${middle})/`, pathNot: "\\.test\\.ts$" },
      to: {
        path: "^(components|config|plan|program|policy|tools|tests)/",
        pathNot: `${packages(`core|${leaves}`)}|^components/$1/`,
      },
    },
    {
      name: "policy-imports-only-leaves",
      severity: "error",
      from: { path: "^policy/", pathNot: "\\.test\\.ts$" },
      to: { path: "^(components|config|plan|program|tools|tests)/", pathNot: packages(`core|${leaves}`) },
    },
    {
      name: "config-does-not-import-the-plan",
      severity: "error",
      from: { path: "^config/", pathNot: "\\.test\\.ts$" },
      to: { path: "^(plan|program|tools|tests|policy)/" },
    },
    {
      name: "the-plan-is-pure",
      severity: "error",
      from: { path: "^plan/", pathNot: "\\.test\\.ts$" },
      to: { path: "^(program|tools|tests|policy)/" },
    },
    {
      // What comes with other packages is seen by tests/program/start-up.test.ts.
      name: "the-plan-loads-no-sdk",
      severity: "error",
      from: { path: "^(config|plan)/", pathNot: "\\.test\\.ts$" },
      to: { path: "node_modules/@pulumi/", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "the-program-does-not-import-tools",
      severity: "error",
      from: { path: "^(program/|index\\.ts)" },
      to: { path: "^(tools|tests)/" },
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
