export * from "./evaluate.ts";
export * from "./report.ts";
export * from "./resource.ts";
export * from "./rule.ts";
export * from "./rules.ts";
export * from "./setup.ts";
export * from "./stack-view.ts";
export * from "./state-file.ts";
