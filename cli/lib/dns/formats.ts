import type { DnsRecord } from "../../../plan/dns.ts";
import { nextSerial } from "./serial.ts";

type Plain = Pick<DnsRecord, "name" | "type" | "value" | "ttl">;

/** By the names of the files that they are written to. */
export type DnsForm = "zone" | "hosts" | "Corefile";

/** DNS records in a form that a name server or a machine reads. */
export interface DnsFile {
  readonly file: DnsForm;
  readonly content: string;
}

export interface DnsOptions {
  /** The zone of its own that a name server serves, such as `homelab.internal`. */
  readonly domain: string;
  /** The zone file that this one takes the place of. */
  readonly before?: string | undefined;
}

/** Records as a zone file, a hosts file, and a CoreDNS configuration that serves the zone. */
export function renderDns(records: readonly Plain[], { domain, before }: DnsOptions): DnsFile[] {
  return [
    { file: "zone", content: zone(records, domain, before) },
    { file: "hosts", content: hosts(records) },
    { file: "Corefile", content: corefile(domain) },
  ];
}

const ours = (record: Plain, domain: string): boolean => record.name === domain || record.name.endsWith(`.${domain}`);

/** An RFC 1035 zone: the same records give the same file. Names outside the zone stand as comments. */
function zone(records: readonly Plain[], domain: string, before: string | undefined): string {
  const inside = records.filter((record) => ours(record, domain));
  const outside = records.filter((record) => !ours(record, domain));
  const lines = inside.map((record) => `${record.name}.\t${record.ttl}\tIN\t${record.type}\t${record.value}`);
  return [
    `$ORIGIN ${domain}.`,
    `$TTL 3600`,
    `@\tIN\tSOA\tns.${domain}. hostmaster.${domain}. ( ${nextSerial(lines, before)} 3600 600 604800 60 )`,
    `@\tIN\tNS\tns.${domain}.`,
    `ns\tIN\tA\t127.0.0.1`,
    ...lines,
    ...outside.map((record) => `; in another zone: ${record.name}. ${record.ttl} IN ${record.type} ${record.value}`),
    "",
  ].join("\n");
}

function hosts(records: readonly Plain[]): string {
  const addresses = [...new Set(records.map((record) => record.value))];
  return addresses
    .map(
      (address) =>
        `${address}\t${records
          .filter((record) => record.value === address)
          .map((record) => record.name)
          .join(" ")}\n`,
    )
    .join("");
}

function corefile(domain: string): string {
  return [
    `${domain}:53 {`,
    `    file zone ${domain}`,
    `    errors`,
    `    reload`,
    `}`,
    `.:53 {`,
    `    hosts hosts {`,
    `        fallthrough`,
    `    }`,
    `    forward . /etc/resolv.conf`,
    `    cache 60`,
    `    errors`,
    `}`,
    "",
  ].join("\n");
}
