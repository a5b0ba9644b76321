export * from "./release.ts";
export * from "./source.ts";
