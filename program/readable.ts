import type { Values } from "./resolve.ts";

/** References as text: what is written where only a deployment has the value. */
export const readable: Values = {
  secret: (name) => `(secret ${name})`,
  generated: (name, part) => `(${part} of ${name}: known after up)`,
  peer: (site, output) => `(${output} of ${site}: known after up)`,
};
