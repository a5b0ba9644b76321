export * from "./pins.ts";
export * from "./source.ts";
