export { cloudnativePg } from "./cloudnative-pg.ts";
export { minio } from "./minio.ts";
export { offsite } from "./offsite.ts";
