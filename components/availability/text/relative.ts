import type { Topology } from "@isthmus/core";

/**
 * How a text reads at one site: its own services without their site, its name as "the site", the other of two as "the other
 * site". What two sites are told in different names becomes the same.
 */
export function relativeTo(site: string, { sites }: Topology): (text: string) => string {
  const others = sites.map(({ name }) => name).filter((name) => name !== site);
  const [other] = others;
  const ownServices = new RegExp(`(?<![\\w./-])${literal(site)}/`, "g");
  return (text) => {
    const own = named(text.replaceAll(ownServices, ""), site, "the site");
    return other === undefined || others.length > 1 ? own : named(own, other, "the other site");
  };
}

/** Only where a sentence has a place: a site may have the name of any word, such as `a`, `home` or `backup`. */
function named(text: string, name: string, as: string): string {
  const place = `((?:^|[\\s(])(?:at|of|from|to|for|bring|-s)) ${literal(name)}(?=$|[,;:.)](?!\\w)| (?:back|on|if|only|or)\\b| --)`;
  return text.replaceAll(new RegExp(place, "g"), `$1 ${as}`);
}

const literal = (name: string): string => name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
