import { unknownHostKey } from "@isthmus/core";
import { parse } from "yaml";
import type { Hardware, Machine } from "./machine.ts";

/** Everything that a minimal fleet states. */
export interface NewFleet {
  readonly site: string;
  readonly domain: string;
  readonly network: string;
  readonly machines: readonly (Machine & {
    readonly role: "server" | "agent";
    readonly hardware: Hardware;
    /** Absent: the machine did not answer, so that its key is not known. */
    readonly hostKey?: string | undefined;
  })[];
  /** The address of the Kubernetes API, which no machine has. */
  readonly api: string;
  readonly user: string;
  readonly state: { readonly backend: string; readonly standsAt: string; readonly passphraseAt: readonly string[] };
  /** SHA-256 of k3s' binary, for architectures of which Isthmus states none. */
  readonly checksums: Readonly<Partial<Record<"amd64" | "arm64", string>>>;
  /** From the new folder to the one with the program; "" where that is the same. */
  readonly program: string;
}

/** A text as YAML, quoted where it would be read as something else. */
export function scalar(text: string): string {
  try {
    const [read, ...more] = parse(`[${text}]`) as unknown[];
    if (read === text && more.length === 0) return text;
  } catch {
    // No YAML at all as it stands.
  }
  return JSON.stringify(text);
}

/** The files of a minimal fleet, by name. */
export function filesOf(fleet: NewFleet): ReadonlyMap<string, string> {
  const files: [string, string][] = [
    ["Pulumi.yaml", fleetText(fleet)],
    [`Pulumi.${fleet.site}.yaml`, siteText(fleet)],
  ];
  if (fleet.program !== "") files.push([".gitignore", "state-copies/\n"]);
  return new Map(files);
}

const schema = ({ program }: NewFleet, name: string): string =>
  `# yaml-language-server: $schema=${program === "" ? "" : `${program}/`}schemas/${name}.json`;

function fleetText(fleet: NewFleet): string {
  const { site, domain, program, state } = fleet;
  const lines = [
    schema(fleet, "fleet"),
    "# Facts that all sites share. What is at a site stands in Pulumi.<site>.yaml.",
    "name: isthmus",
    ...(program === "" ? [] : ["# The folder of the program.", `main: ${scalar(program)}`]),
    "runtime:",
    "  name: nodejs",
    "  options:",
    "    typescript: false",
    "config:",
    "  isthmus:fleet:",
    "    value:",
    `      domain: ${scalar(domain)}`,
    `      sites: [${scalar(site)}]`,
    "      # Where Pulumi keeps what it made, and where you keep the passphrase that opens it.",
    "      state:",
    `        backend: ${scalar(state.backend)}`,
    `        standsAt: ${scalar(state.standsAt)}`,
    "        versioned: true",
    `        passphraseAt: [${state.passphraseAt.map(scalar).join(", ")}]`,
  ];
  return `${lines.join("\n")}\n`;
}

function siteText(fleet: NewFleet): string {
  const { site, network, machines, api, user, checksums } = fleet;
  const stated = Object.entries(checksums).map(
    ([architecture, digest]) => `${architecture}: { binary: ${scalar(digest)} }`,
  );
  const lines = [
    schema(fleet, "site"),
    `# What is at ${site}. Facts that all sites share stand in Pulumi.yaml.`,
    "config:",
    "  isthmus:site:",
    "    networks:",
    `      lan: { cidr: ${scalar(network)} }`,
    ...(user === "root" ? [] : [`    ssh: { user: ${scalar(user)} }`]),
    "    nodes:",
    ...machines.flatMap((machine) => machineLines(machine, user)),
    "    kubernetes:",
    "      # An address that nobody else has or gets: the Kubernetes API is there, whichever server is up.",
    `      api: { kind: kube-vip, address: ${scalar(api)} }`,
    ...(stated.length === 0 ? [] : [`      checksums: { ${stated.join(", ")} }`]),
  ];
  return `${lines.join("\n")}\n`;
}

function machineLines(machine: NewFleet["machines"][number], user: string): readonly string[] {
  const { name, role, address, hardware, hostKey } = machine;
  const unknown = `          # NOT KNOWN YET, and no machine is trusted by it: ssh-keyscan -t ed25519 ${address}`;
  return [
    `      ${scalar(name)}:`,
    `        role: ${role}`,
    `        address: ${scalar(address)}`,
    "        machine:",
    ...Object.entries(hardware).map(
      ([key, value]) => `          ${key}: ${typeof value === "number" ? String(value) : scalar(value)}`,
    ),
    ...(machine.user === undefined || machine.user === user ? [] : [`          user: ${scalar(machine.user)}`]),
    ...(hostKey === undefined ? [unknown] : []),
    `          hostKey: ${scalar(hostKey ?? unknownHostKey)}`,
  ];
}
