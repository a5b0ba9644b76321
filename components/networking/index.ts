export { certManager } from "./cert-manager.ts";
export { metallb } from "./metallb.ts";
export { traefik } from "./traefik.ts";
