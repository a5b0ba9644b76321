import { toYaml } from "@isthmus/core";
import type { K3sSettings } from "../settings/schema.ts";

/** Who one is at a registry. */
export interface RegistryLogin {
  readonly username: string;
  readonly password: string;
}

type Registries = K3sSettings["registries"];

/**
 * `registries.yaml`, or nothing where there is nothing to say. Secret as a whole as soon as there is a login.
 * https://docs.k3s.io/installation/private-registry
 */
export function registriesFile(
  settings: Pick<Registries, "mirrors" | "rewrites" | "embedded" | "authorities">,
  logins: Readonly<Record<string, RegistryLogin>>,
): string {
  const said = Object.entries({ mirrors: mirrorsOf(settings), configs: configsOf(settings.authorities, logins) });
  const content = said.filter(([, entries]) => Object.keys(entries).length > 0);
  return content.length === 0 ? "" : toYaml(Object.fromEntries(content));
}

/** Where the certificate of a registry's authority lies on a node. */
export function authorityPath(registry: string): string {
  return `/etc/rancher/k3s/registries/${registry.replace(":", "_")}.crt`;
}

function mirrorsOf({ mirrors, rewrites, embedded }: Pick<Registries, "mirrors" | "rewrites" | "embedded">) {
  // The embedded mirror serves the registries that are named: * is all of them.
  const named: Readonly<Record<string, readonly string[]>> = embedded ? { "*": [], ...mirrors } : mirrors;
  return Object.fromEntries(
    Object.keys(named)
      .sort()
      .map((registry) => {
        const [endpoint = [], rewrite] = [named[registry], rewrites[registry]];
        return [
          registry,
          { ...(endpoint.length === 0 ? {} : { endpoint }), ...(rewrite === undefined ? {} : { rewrite }) },
        ];
      }),
  );
}

function configsOf(authorities: Registries["authorities"], logins: Readonly<Record<string, RegistryLogin>>) {
  const registries = [...new Set([...Object.keys(authorities), ...Object.keys(logins)])].sort();
  return Object.fromEntries(
    registries.map((registry) => {
      const login = logins[registry];
      const auth = login === undefined ? {} : { auth: { username: login.username, password: login.password } };
      const tls = authorities[registry] === undefined ? {} : { tls: { ca_file: authorityPath(registry) } };
      return [registry, { ...auth, ...tls }];
    }),
  );
}
