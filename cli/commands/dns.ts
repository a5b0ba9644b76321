import { declare } from "../lib/command/declare.ts";
import { oneOf, required } from "../lib/command/option.ts";
import { config, file } from "../lib/command/shared.ts";
import type { DnsForm } from "../lib/dns/formats.ts";

const forms: readonly DnsForm[] = ["zone", "hosts", "Corefile"];

export const command = declare({
  name: "dns",
  summary: "prints the DNS records of all sites",
  notes: "The zone is the fleet's: it is the same for each site.",
  arguments: { form: required(oneOf("form", "how they are written", forms)) },
  options: {
    config,
    before: file("the zone file that this one takes the place of: its serial grows where records changed"),
  },
  examples: ["dns hosts", "dns zone --before /etc/bind/homelab.zone > new.zone"],
  finding: "the stack files are not in order",
  needs: ["stack files"],
  run: async (given) => (await import("./run/dns.ts")).dns(given),
});
