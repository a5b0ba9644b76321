export { certManager } from "./cert-manager/definition.ts";
export { metallb } from "./metallb/definition.ts";
export { traefik } from "./traefik/definition.ts";
export { rules } from "./rules.ts";
