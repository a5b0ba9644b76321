import type { NodeFacts } from "@isthmus/core";
import { box, line, svg, text } from "./svg.ts";

/** A site as the picture shows it. */
export interface PicturedSite {
  readonly name: string;
  readonly nodes: readonly NodeFacts[];
  /** Networks as `lan 10.0.20.0/24`. */
  readonly networks: readonly string[];
  readonly apiAddress: string;
  /** Services by name, with the addresses they hold. */
  readonly services: readonly { readonly name: string; readonly addresses: readonly string[] }[];
}

const column = 210;
const gap = 16;
const nodeHeight = 52;
const serviceHeight = 40;

/** The fleet as one SVG: sites, physical hosts, machines, services with their addresses, and what joins the sites. */
export function drawFleet(sites: readonly PicturedSite[], overlay: string | undefined): string {
  const drawn = sites.map(measure);
  const width = Math.max(...drawn.map((site) => site.width)) + 2 * gap;
  let y = gap;
  const parts: string[] = [];
  drawn.forEach((site, index) => {
    if (index > 0) {
      const middle = { x: width / 2, y };
      parts.push(line(middle, { x: middle.x, y: y + 72 }, "link"));
      parts.push(box({ x: middle.x - 130, y: y + 18, width: 260, height: 36 }, "overlay", "what joins the sites"));
      parts.push(text({ x: middle.x - 114, y: y + 41 }, overlay ?? "no overlay"));
      y += 72;
    }
    parts.push(...drawSite(site, { x: gap, y, width: width - 2 * gap }));
    y += site.height;
  });
  return svg({ width, height: y + gap }, `The fleet: ${sites.map((site) => site.name).join(" and ")}`, parts);
}

interface Measured {
  readonly site: PicturedSite;
  readonly hosts: readonly (readonly [string, readonly NodeFacts[]])[];
  readonly rows: number;
  readonly width: number;
  readonly height: number;
}

function measure(site: PicturedSite): Measured {
  const names = [...new Set(site.nodes.map((node) => node.host))];
  const hosts = names.map((host) => [host, site.nodes.filter((node) => node.host === host)] as const);
  const tallest = Math.max(...hosts.map(([, nodes]) => nodes.length));
  const columns = Math.max(hosts.length, 3);
  const rows = Math.ceil(site.services.length / columns);
  const width = columns * (column + gap) + gap;
  return { site, hosts, rows, width, height: 64 + hostHeight(tallest) + gap + rows * (serviceHeight + 8) + gap };
}

const hostHeight = (nodes: number): number => 30 + nodes * (nodeHeight + 8) + 4;

function drawSite(measured: Measured, area: { x: number; y: number; width: number }): string[] {
  const { site, hosts, height } = measured;
  const top = area.y + 64;
  const tallest = Math.max(...hosts.map(([, nodes]) => nodes.length));
  const servicesTop = top + hostHeight(tallest) + gap;
  const columns = Math.floor((area.width - gap) / (column + gap));
  return [
    box({ ...area, height }, "site", `site ${site.name}`),
    text({ x: area.x + gap, y: area.y + 28 }, site.name, "title"),
    text(
      { x: area.x + gap, y: area.y + 48 },
      `${site.networks.join(" · ")} · Kubernetes API ${site.apiAddress}`,
      "small",
    ),
    ...hosts.flatMap(([host, nodes], index) =>
      drawHost({ host, nodes, x: area.x + gap + index * (column + gap), y: top, height: hostHeight(tallest) }),
    ),
    ...site.services.flatMap((service, index) => {
      const x = area.x + gap + (index % columns) * (column + gap);
      const y = servicesTop + Math.floor(index / columns) * (serviceHeight + 8);
      return [
        box({ x, y, width: column, height: serviceHeight }, "service", service.name),
        text({ x: x + 10, y: y + 17 }, service.name),
        text({ x: x + 10, y: y + 32 }, service.addresses.join(", "), "address"),
      ];
    }),
  ];
}

interface DrawnHost {
  readonly host: string;
  readonly nodes: readonly NodeFacts[];
  readonly x: number;
  readonly y: number;
  readonly height: number;
}

function drawHost({ host, nodes, x, y, height }: DrawnHost): string[] {
  return [
    box({ x, y, width: column, height }, "host", `physical host ${host}`),
    text({ x: x + 10, y: y + 20 }, host, "small"),
    ...nodes.flatMap((node, index) => {
      const top = y + 30 + index * (nodeHeight + 8);
      const size = `${node.architecture} · ${node.cpu} cores · ${node.memory}`;
      return [
        box({ x: x + 8, y: top, width: column - 16, height: nodeHeight }, node.role, `${node.role} ${node.name}`),
        text({ x: x + 18, y: top + 16 }, node.name),
        text({ x: x + 18, y: top + 31 }, size, "small"),
        text({ x: x + 18, y: top + 45 }, [node.address, node.overlayAddress].filter(Boolean).join(" · "), "address"),
      ];
    }),
  ];
}
