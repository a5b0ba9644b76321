export * from "./image-digests.ts";
export * from "./source.ts";
