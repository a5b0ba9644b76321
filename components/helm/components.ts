export * from "./release.ts";
