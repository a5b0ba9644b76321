import { parse } from "yaml";
import { UsageError } from "../exit.ts";
import { checkAddress, type Machine } from "./machine.ts";

/** A host of an Ansible inventory: its variables, and the groups that it is in. */
interface Host {
  readonly variables: Readonly<Record<string, string>>;
  readonly groups: ReadonlySet<string>;
}
type Hosts = ReadonlyMap<string, Host>;

/** Names of groups in k3s-io/k3s-ansible (server, agent), its forerunners (master, node) and Kubespray (kube_control_plane, kube_node). */
const servers = /^(k3s_?)?(servers?|masters?|control_?planes?)$|^kube_control_plane$/;
const agents = /^(k3s_?)?(agents?|nodes?|workers?)$|^kube_node$/;

/**
 * The machines of an Ansible inventory, as YAML or INI: those in groups of servers and agents by their usual names, or all.
 * https://docs.ansible.com/ansible/latest/inventory_guide/intro_inventory.html
 * @throws {UsageError} if it is no inventory, or a host has no address.
 */
export function readInventory(text: string, file: string): readonly Machine[] {
  const hosts = /^\s*\[[^\]]+\]\s*$/m.test(text) ? hostsOfIni(text) : hostsOfYaml(text, file);
  const all = [...hosts].map(([name, host]) => ({ name, host, role: roleOf(host.groups) }));
  const chosen = all.some(({ role }) => role !== undefined) ? all.filter(({ role }) => role !== undefined) : all;
  if (chosen.length === 0) throw new UsageError(`${file} names no host.`);
  return chosen.map(({ name, host: { variables }, role }) => {
    if (/[[\]]/.test(name)) throw new UsageError(`${file}: "${name}" is a range: write each host, or give --node.`);
    return { name: labelOf(name), address: addressOf(name, variables, file), role, user: variables["ansible_user"] };
  });
}

function roleOf(groups: ReadonlySet<string>): Machine["role"] {
  const names = [...groups].map((name) => name.replaceAll("-", "_"));
  if (names.some((name) => servers.test(name))) return "server";
  return names.some((name) => agents.test(name)) ? "agent" : undefined;
}

function addressOf(name: string, variables: Host["variables"], file: string): string {
  const given = variables["ansible_host"] ?? name;
  try {
    return checkAddress(given);
  } catch {
    throw new UsageError(
      `${file}: ${name} has no IPv4 address: give it ansible_host, or name it with --node ${labelOf(name)}=ADDRESS.`,
    );
  }
}

/** A name that a node may have. One that is an address says nothing. */
function labelOf(name: string): string {
  if (/^[0-9.]+$/.test(name)) return `node-${name.split(".").at(-1) ?? ""}`;
  return (name.split(".")[0] ?? name).toLowerCase().replaceAll("_", "-");
}

class Collected {
  readonly hosts = new Map<string, { variables: Record<string, string>; groups: Set<string> }>();
  readonly parents = new Map<string, Set<string>>();
  readonly groupVariables = new Map<string, Record<string, string>>();

  add(name: string, group: string, variables: Readonly<Record<string, string>>): void {
    const host = this.hosts.get(name) ?? { variables: {}, groups: new Set<string>() };
    Object.assign(host.variables, variables);
    host.groups.add(group);
    this.hosts.set(name, host);
  }

  adopt(parent: string, child: string): void {
    this.parents.set(child, (this.parents.get(child) ?? new Set()).add(parent));
  }

  give(group: string, variables: Readonly<Record<string, string>>): void {
    this.groupVariables.set(group, { ...this.groupVariables.get(group), ...variables });
  }

  /** With groups above groups, and what groups say: the nearer goes before the farther, the host's own before all. */
  all(): Hosts {
    const whole = [...this.hosts].map(([name, { variables, groups }]): [string, Host] => {
      const chain = new Set(["all"]);
      const climb = (group: string): void => {
        for (const parent of this.parents.get(group) ?? []) if (!chain.has(parent)) climb(parent);
        chain.add(group);
      };
      groups.forEach(climb);
      const inherited = [...chain].map((group) => this.groupVariables.get(group) ?? {});
      return [name, { variables: Object.assign({}, ...inherited, variables) as Host["variables"], groups: chain }];
    });
    return new Map(whole);
  }
}

function hostsOfYaml(text: string, file: string): Hosts {
  const found = new Collected();
  let read: unknown;
  try {
    read = parse(text);
  } catch (error) {
    throw new UsageError(`${file} is no YAML: ${error instanceof Error ? (error.message.split("\n")[0] ?? "") : ""}`);
  }
  if (!isMap(read))
    throw new UsageError(`${file} is no Ansible inventory: neither groups in YAML nor sections in INI.`);
  const visit = (group: string, body: unknown): void => {
    if (!isMap(body)) return;
    for (const [name, variables] of Object.entries(mapAt(body, "hosts"))) found.add(name, group, texts(variables));
    found.give(group, texts(body["vars"]));
    for (const [child, inner] of Object.entries(mapAt(body, "children"))) {
      found.adopt(group, child);
      visit(child, inner);
    }
  };
  for (const [group, body] of Object.entries(read)) visit(group, body);
  return found.all();
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const mapAt = (body: Readonly<Record<string, unknown>>, key: string): Readonly<Record<string, unknown>> => {
  const value = body[key];
  return isMap(value) ? value : {};
};

function texts(variables: unknown): Readonly<Record<string, string>> {
  if (!isMap(variables)) return {};
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])),
  );
}

function hostsOfIni(text: string): Hosts {
  const found = new Collected();
  let [section, kind] = ["ungrouped", "hosts"];
  for (const line of text.split("\n").map((one) => one.replace(/(^|\s)[#;].*$/, "").trim())) {
    if (line === "") continue;
    const [, name, of] = /^\[([^\]:]+)(?::(\w+))?\]$/.exec(line) ?? [];
    if (name !== undefined) [section, kind] = [name, of ?? "hosts"];
    else if (kind === "children") found.adopt(section, line);
    else if (kind === "vars") found.give(section, Object.fromEntries([assignment(line)]));
    else {
      const [host = "", ...variables] = line.split(/\s+/);
      found.add(host, section, Object.fromEntries(variables.map(assignment)));
    }
  }
  return found.all();
}

function assignment(text: string): [string, string] {
  const at = text.indexOf("=");
  const value = text.slice(at + 1).trim();
  return [text.slice(0, at).trim(), value.replace(/^(["'])(.*)\1$/, "$2")];
}
