export { cloudnativePg } from "./cloudnative-pg/definition.ts";
export { minio } from "./minio/definition.ts";
export { offsite } from "./offsite/definition.ts";
export { rules } from "./rules.ts";
