import { cidrRange, contains, fromNumber } from "@isthmus/core";
import { UsageError } from "../exit.ts";
import type { NewFleet } from "./files.ts";
import { checkAddress, readHardware, readMachine, withRoles, type Hardware, type Machine } from "./machine.ts";
import { readSite } from "./values.ts";

/** What was given on the command line; undefined or empty: it was not. */
export interface Given {
  readonly site: string | undefined;
  readonly domain: string | undefined;
  readonly machines: readonly Machine[];
  readonly hardware: Hardware | undefined;
  readonly network: string | undefined;
  readonly api: string | undefined;
  readonly user: string | undefined;
  readonly backend: string | undefined;
  readonly standsAt: string | undefined;
  readonly passphraseAt: readonly string[];
}

/** What is known of a fleet before its machines are asked for their keys. */
export type Answers = Omit<NewFleet, "machines" | "checksums" | "program"> & {
  readonly machines: readonly (Machine & { readonly role: "server" | "agent"; readonly hardware: Hardware })[];
};

/** Puts a question to a person, who may answer nothing. */
export type Ask = (question: string) => Promise<string>;

/** What stands where nobody says otherwise. https://www.rfc-editor.org/rfc/rfc8375 reserves the domain for homes. */
const usual = {
  site: "home",
  domain: "home.arpa",
  user: "root",
  passphraseAt: "password manager, paper in a drawer",
} as const;

/** What has to be given, where nobody can be asked. */
export function missing({ site, machines, hardware, api, backend, standsAt }: Given): readonly string[] {
  const unstated = machines.filter((machine) => machine.hardware === undefined).map(({ name }) => name);
  const wanted: readonly (readonly [boolean, string])[] = [
    [site === undefined, "--site NAME: what the site is called, such as home"],
    [machines.length === 0, "--node NAME=ADDRESS, once for each machine, or --inventory FILE"],
    [
      hardware === undefined && (machines.length === 0 || unstated.length > 0),
      `--machine KIND: what ${unstated.join(", ") || "the machines"} are, such as raspberry-pi-5-8gb or amd64/4/8Gi`,
    ],
    [
      api === undefined,
      "--api ADDRESS: a free address in their network for the Kubernetes API, outside of any DHCP range",
    ],
    [
      backend === undefined,
      "--backend URL: where Pulumi keeps its state, such as file:///mnt/usb/state or s3://bucket?region=…",
    ],
    [standsAt === undefined, "--stands-at PLACE: where that is, such as 'a USB disk' or 'Backblaze B2'"],
  ];
  return wanted.filter(([isMissing]) => isMissing).map(([, what]) => what);
}

/** The answers where nobody is asked. Throws a {@link UsageError} that names all that is missing. */
export function withoutAsking(given: Given): Answers {
  const lacking = missing(given);
  if (lacking.length > 0)
    throw new UsageError(`A fleet needs, besides what was given:\n${lacking.map((one) => `  ${one}`).join("\n")}`);
  const names = given.machines.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new UsageError(`Two machines are called ${twice}: give each a name of its own.`);
  const machines = withRoles(given.machines).map((machine) => {
    const hardware = machine.hardware ?? given.hardware;
    if (hardware === undefined) throw new UsageError(`What ${machine.name} is was not given: --machine KIND`);
    return { ...machine, hardware };
  });
  const { site = usual.site, domain = usual.domain, user = usual.user, api = "", backend = "", standsAt = "" } = given;
  const passphraseAt = given.passphraseAt.length > 0 ? given.passphraseAt : usual.passphraseAt.split(", ");
  const network = given.network ?? networkAround(machines.map(({ address }) => address));
  for (const { name, address } of machines)
    if (!contains(cidrRange(network), address))
      throw new UsageError(`${name} (${address}) is not in ${network}: give the network of all with --network.`);
  return { site, domain, network, machines, api, user, state: { backend, standsAt, passphraseAt } };
}

/** A person is asked for what was not given, once more where an answer cannot be taken. */
export async function byAsking(given: Given, ask: Ask, say: (text: string) => void): Promise<Answers> {
  const question = async <T>(text: string, otherwise: string, read: (typed: string) => T): Promise<T> => {
    for (;;) {
      const typed = await ask(otherwise === "" ? `${text}:` : `${text} [${otherwise}]:`);
      try {
        if (typed === "" && otherwise === "") throw new Error("Something has to be typed here.");
        return read(typed === "" ? otherwise : typed);
      } catch (error) {
        say(error instanceof Error ? error.message : String(error));
      }
    }
  };
  const text = (typed: string): string => typed;
  const site = given.site ?? (await question("What the site is called", usual.site, readSite));
  const domain = given.domain ?? (await question("Its private domain", usual.domain, text));
  const machines = given.machines.length > 0 ? given.machines : await askForMachines(ask, say);
  const needsHardware = given.hardware === undefined && machines.some((machine) => machine.hardware === undefined);
  const hardware = needsHardware
    ? await question("What the machines are (a board, or such as amd64/4/8Gi)", "raspberry-pi-5-8gb", readHardware)
    : given.hardware;
  const user = given.user ?? (await question("Who logs in to them, root or somebody with sudo", usual.user, text));
  const api = given.api ?? (await question("A free address beside them, for the Kubernetes API", "", checkAddress));
  const backend = given.backend ?? (await question("Where Pulumi keeps its state", "file:///mnt/usb/state", text));
  const standsAt = given.standsAt ?? (await question("What that is", "a USB disk", text));
  const passphraseAt =
    given.passphraseAt.length > 0
      ? given.passphraseAt
      : await question("Where you keep the passphrase, in two places", usual.passphraseAt, readPlaces);
  return withoutAsking({ ...given, site, domain, machines, hardware, user, api, backend, standsAt, passphraseAt });
}

async function askForMachines(ask: Ask, say: (text: string) => void): Promise<readonly Machine[]> {
  const machines: Machine[] = [];
  for (;;) {
    const typed = await ask(
      machines.length === 0 ? "A machine, as NAME=ADDRESS, such as pi-1=192.168.1.11:" : "Another one, or nothing:",
    );
    if (typed === "" && machines.length > 0) return machines;
    try {
      machines.push(readMachine(typed));
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    }
  }
}

function readPlaces(typed: string): readonly string[] {
  const places = typed.split(",").map((place) => place.trim());
  if (places.length >= 2 && places.every((place) => place !== "")) return places;
  throw new Error("Two places, with a comma between them.");
}

/** The /24 that the first address is in: what most homes have. */
function networkAround([first = "0.0.0.0"]: readonly string[]): string {
  return `${fromNumber(cidrRange(`${first}/24`).first)}/24`;
}
