/** `@pulumi/vault`: what a configured Vault holds. The server itself is the address in the provider's settings. */
import { Refusal, type Call, type PackageRules, type ResourceRules } from "../contract.ts";
import { text, thing } from "../things.ts";
import { textAt } from "../values.ts";

const place =
  (kind: string, ...paths: readonly string[]) =>
  (call: Call): readonly string[] => [
    "vault",
    text(call.world.config, "address"),
    kind,
    paths.map((path) => text(call.inputs, path)).join("/"),
  ];

/** A mounted path; a KV secret or a role can only live under one. */
function under(kind: "mount" | "auth", path: string): (call: Call) => void {
  return (call) => {
    const mount = text(call.inputs, path);
    const found = call.world.store.get(["vault", text(call.world.config, "address"), kind, mount]);
    if (found === undefined) throw new Refusal(`no handler for route "${mount}". route entry not found.`);
  };
}

const mount = thing({
  required: ["path", "type"],
  computed: ["accessor"],
  replaceOn: ["type"],
  key: place("mount", "path"),
  id: (call) => text(call.inputs, "path"),
  outputs: (call) => ({ accessor: `${text(call.inputs, "type")}_${text(call.inputs, "path")}` }),
  taken: (call) => `error writing to Vault: path is already in use at ${text(call.inputs, "path")}/`,
});

const authBackend = thing({
  required: ["type"],
  computed: ["accessor"],
  replaceOn: ["type"],
  key: (call) => ["vault", text(call.world.config, "address"), "auth", authPath(call)],
  id: authPath,
  outputs: (call) => ({ path: authPath(call), accessor: `auth_${authPath(call)}` }),
  taken: (call) => `error writing to Vault: path is already in use at ${authPath(call)}/`,
});

const policy = thing({
  required: ["name", "policy"],
  replaceOn: ["name"],
  key: place("policy", "name"),
  id: (call) => text(call.inputs, "name"),
  taken: "adopt",
});

const secretV2 = thing({
  required: ["mount", "name"],
  secrets: ["dataJson", "data"],
  computed: ["path"],
  replaceOn: ["mount", "name"],
  key: place("secret", "mount", "name"),
  id: (call) => `${text(call.inputs, "mount")}/data/${text(call.inputs, "name")}`,
  outputs: (call) => ({ path: `${text(call.inputs, "mount")}/data/${text(call.inputs, "name")}` }),
  before: under("mount", "mount"),
  taken: "adopt",
});

const kubernetesConfig = thing({
  required: ["kubernetesHost"],
  secrets: ["tokenReviewerJwt"],
  replaceOn: ["backend"],
  key: (call) => [
    "vault",
    text(call.world.config, "address"),
    "auth-config",
    textAt(call.inputs, "backend") ?? "kubernetes",
  ],
  id: (call) => `auth/${textAt(call.inputs, "backend") ?? "kubernetes"}/config`,
  before: under("auth", "backend"),
  taken: "adopt",
});

const kubernetesRole = thing({
  required: ["roleName", "boundServiceAccountNames", "boundServiceAccountNamespaces"],
  replaceOn: ["backend", "roleName"],
  key: place("auth-role", "backend", "roleName"),
  id: (call) => `auth/${text(call.inputs, "backend")}/role/${text(call.inputs, "roleName")}`,
  before: under("auth", "backend"),
  taken: "adopt",
});

const types: Readonly<Record<string, ResourceRules>> = {
  "vault:index/mount:Mount": mount,
  "vault:index/authBackend:AuthBackend": authBackend,
  "vault:index/policy:Policy": policy,
  "vault:kv/secretV2:SecretV2": secretV2,
  "vault:kubernetes/authBackendConfig:AuthBackendConfig": kubernetesConfig,
  "vault:kubernetes/authBackendRole:AuthBackendRole": kubernetesRole,
};

export const rules: PackageRules = {
  resource: (type) => types[type],
  configure: (config) => {
    if (textAt(config, "address") === undefined) throw new Refusal("no vault address: set `address`");
    if (textAt(config, "token") === undefined) throw new Refusal("no vault token set on Client");
  },
};

function authPath(call: Call): string {
  return textAt(call.inputs, "path") ?? text(call.inputs, "type");
}
