import { stringify } from "yaml";
import type { K3sSettings } from "./schema.ts";

/** Who one is at a registry. */
export interface RegistryLogin {
  readonly username: string;
  readonly password: string;
}

/**
 * `registries.yaml`, or nothing where there is nothing to say. Secret as a whole as soon as there is a login.
 * https://docs.k3s.io/installation/private-registry
 */
export function registriesFile(
  { mirrors, embedded }: K3sSettings["registries"],
  logins: Readonly<Record<string, RegistryLogin>>,
): string {
  // The embedded mirror serves the registries that are named: * is all of them.
  const named: Readonly<Record<string, readonly string[]>> = embedded ? { "*": [], ...mirrors } : mirrors;
  const mirrorEntries = sorted(named).map(([host, endpoints]) => [
    host,
    endpoints.length === 0 ? {} : { endpoint: endpoints },
  ]);
  const configEntries = sorted(logins).map(([host, { username, password }]) => [
    host,
    { auth: { username, password } },
  ]);
  if (mirrorEntries.length + configEntries.length === 0) return "";
  return stringify({
    ...(mirrorEntries.length === 0 ? {} : { mirrors: Object.fromEntries(mirrorEntries) as unknown }),
    ...(configEntries.length === 0 ? {} : { configs: Object.fromEntries(configEntries) as unknown }),
  });
}

function sorted<T>(record: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}
