import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument, type Document } from "yaml";

/** Agents that stand on each physical host that is added. */
const agentsPerHost = 3;

/**
 * Writes stack files of a fleet with `nodes` machines: the default sites, each with further hosts that carry further
 * agents, their networks widened. Returns how many machines it has: never fewer than the default ones, since a site
 * does not hold with less.
 */
export function writeStackFiles(source: string, target: string, nodes: number): number {
  mkdirSync(target, { recursive: true });
  const fleet = parseDocument(readFileSync(join(source, "Pulumi.yaml"), "utf8"));
  const sites = (fleet.toJS() as FleetFile).config["isthmus:fleet"].value.sites;
  fleet.setIn(["config", "isthmus:fleet", "value", "overlay", "cidr"], "10.147.0.0/16");
  writeFileSync(join(target, "Pulumi.yaml"), fleet.toString());
  const each = Math.ceil(nodes / sites.length);
  const counts = sites.map((name, index) => {
    const site = parseDocument(readFileSync(join(source, `Pulumi.${name}.yaml`), "utf8"));
    widenNetworks(site, index);
    const count = addAgents(site, { index, nodes: each });
    writeFileSync(join(target, `Pulumi.${name}.yaml`), site.toString());
    return count;
  });
  return counts.reduce((sum, count) => sum + count, 0);
}

interface FleetFile {
  readonly config: { readonly "isthmus:fleet": { readonly value: { readonly sites: readonly string[] } } };
}

interface SiteFile {
  readonly config: { readonly "isthmus:site": { readonly nodes: Readonly<Record<string, unknown>> } };
}

const at = (...path: readonly string[]): string[] => ["config", "isthmus:site", ...path];

/** The default addresses lie in these networks, and a thousand more do. */
function widenNetworks(site: Document, index: number): void {
  site.setIn(at("networks", "management", "cidr"), `10.${index}.0.0/20`);
  site.setIn(at("networks", "apps", "cidr"), `10.${index}.16.0/20`);
  // A node takes a /24 of the pods' addresses.
  site.setIn(at("kubernetes", "clusterCidr"), `10.${64 + 4 * index}.0.0/14`);
}

function addAgents(site: Document, { index, nodes }: { index: number; nodes: number }): number {
  const present = Object.keys((site.toJS() as SiteFile).config["isthmus:site"].nodes).length;
  const missing = Math.max(0, nodes - present);
  for (let number = 0; number < missing; number += 1) {
    const host = `pve-more-${index}-${Math.floor(number / agentsPerHost) + 1}`;
    if (number % agentsPerHost === 0) addHost(site, host, `10.${index}.${addressParts(number / agentsPerHost)}`);
    const address = addressParts(number, 24);
    const node = {
      role: "agent",
      address: `10.${index}.${address}`,
      overlay: `10.147.${32 * (index + 1) + Math.floor(number / 200)}.${(number % 200) + 10}`,
      vm: { host, id: 10_000 * (index + 1) + number, cores: 4, memory: "16Gi", disk: "60Gi", data: { size: "500Gi" } },
    };
    site.setIn(at("nodes", `k3s-more-${index}-${number + 1}`), site.createNode(node));
  }
  return present + missing;
}

function addHost(site: Document, host: string, address: string): void {
  site.setIn(at("hosts", host), site.createNode({ address, cores: 12, memory: "64Gi" }));
}

/** The last two parts of an address: two hundred in each third part, from `third` on. */
const addressParts = (number: number, third = 0): string =>
  `${third + Math.floor(number / 200)}.${(number % 200) + 10}`;
