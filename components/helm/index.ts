export * from "./pins.ts";
