import type { NodeFacts } from "@isthmus/core";
import { box, line, svg, text } from "./svg.ts";

/** A service as the picture shows it. */
export interface PicturedService {
  readonly name: string;
  /** Capabilities that it offers to the others. */
  readonly offers: readonly string[];
  readonly addresses: readonly string[];
  readonly hostNames: readonly string[];
}

/** A site as the picture shows it. */
export interface PicturedSite {
  readonly name: string;
  readonly nodes: readonly NodeFacts[];
  /** Networks as `apps 10.0.20.0/24`. */
  readonly networks: readonly string[];
  readonly apiAddress: string;
  readonly services: readonly PicturedService[];
}

/** What joins the sites: the overlay, and the services that use another site. */
export interface PicturedLink {
  readonly overlay: string;
  readonly services: readonly string[];
}

const column = 236;
const gap = 14;
const head = 62;
const nodeHeight = 54;
const hostHead = 28;
const lineHeight = 15;
/** More lines than these are counted. */
const mostLines = 4;
const linkHeight = 92;
/** Hosts and services side by side: more than four are hard to read on a page. */
const mostColumns = 4;

/** The fleet as one SVG: sites, physical hosts, machines, services with their addresses, and what joins the sites. */
export function drawFleet(sites: readonly PicturedSite[], link: PicturedLink | undefined): string {
  const columns = Math.min(mostColumns, Math.max(3, ...sites.map((site) => hostsOf(site).length)));
  const width = columns * (column + gap) + 3 * gap;
  const parts: string[] = [];
  let y = gap;
  sites.forEach((site, index) => {
    if (index > 0) {
      parts.push(...drawLink(link, width / 2, y));
      y += linkHeight;
    }
    const layout = layOut(site, columns);
    parts.push(...drawSite(layout, y));
    y += layout.height;
  });
  return svg({ width, height: y + gap }, `The fleet: ${sites.map((site) => site.name).join(" and ")}`, parts);
}

interface Host {
  readonly name: string;
  readonly nodes: readonly NodeFacts[];
}

interface Layout {
  readonly site: PicturedSite;
  readonly columns: number;
  readonly rows: readonly (readonly Host[])[];
  readonly services: readonly (readonly PicturedService[])[];
  readonly height: number;
}

function hostsOf(site: PicturedSite): Host[] {
  const names = [...new Set(site.nodes.map((node) => node.host))];
  return names.map((name) => ({ name, nodes: site.nodes.filter((node) => node.host === name) }));
}

function layOut(site: PicturedSite, columns: number): Layout {
  const rows = inRows(hostsOf(site), columns);
  const services = inRows(site.services, columns);
  const height = head + sum([...rows.map(rowHeight), ...services.map(serviceHeight)].map((row) => row + gap));
  return { site, columns, rows, services, height };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

function inRows<T>(items: readonly T[], columns: number): T[][] {
  const rows = Math.ceil(items.length / columns);
  return Array.from({ length: rows }, (_, row) => items.slice(row * columns, (row + 1) * columns));
}

const rowHeight = (row: readonly Host[]): number =>
  hostHead + Math.max(...row.map(({ nodes }) => nodes.length)) * (nodeHeight + 8);

const columnAt = (index: number): number => 2 * gap + index * (column + gap);

function drawLink(link: PicturedLink | undefined, x: number, y: number): string[] {
  const label = link?.overlay ?? "nothing joins the sites";
  const users = link === undefined || link.services.length === 0 ? "" : `used by ${link.services.join(", ")}`;
  return [
    line({ x, y }, { x, y: y + linkHeight }, "link"),
    box({ x: x - 170, y: y + 20, width: 340, height: linkHeight - 40 }, "overlay", "what joins the sites"),
    text({ x, y: y + 43 }, label, "label middle"),
    text({ x, y: y + 61 }, users, "small middle"),
  ];
}

function linesOf({ addresses, hostNames }: PicturedService): string[] {
  const lines = [...addresses, ...hostNames];
  return lines.length <= mostLines
    ? lines
    : [...lines.slice(0, mostLines - 1), `and ${lines.length - mostLines + 1} more`];
}

const serviceHeight = (row: readonly PicturedService[]): number =>
  hostHead + Math.max(...row.map((service) => linesOf(service).length)) * lineHeight;

function drawSite({ site, columns, rows, services, height }: Layout, y: number): string[] {
  let top = y + head;
  const drawRow = <T>(row: readonly T[], rowsHeight: number, draw: (item: T, area: Area) => string[]): string[] => {
    const drawn = row.flatMap((item, index) => draw(item, { x: columnAt(index), y: top, height: rowsHeight }));
    top += rowsHeight + gap;
    return drawn;
  };
  const facts = [...site.networks, `Kubernetes API ${site.apiAddress}`].join(" · ");
  return [
    box({ x: gap, y, width: columns * (column + gap) + gap, height }, "site", `site ${site.name}`),
    text({ x: columnAt(0), y: y + 28 }, site.name, "title"),
    text({ x: columnAt(0), y: y + 47 }, facts, "small"),
    ...rows.flatMap((row) => drawRow(row, rowHeight(row), drawHost)),
    ...services.flatMap((row) => drawRow(row, serviceHeight(row), drawService)),
  ];
}

interface Area {
  readonly x: number;
  readonly y: number;
  readonly height: number;
}

function drawService(service: PicturedService, { x, y, height }: Area): string[] {
  return [
    box({ x, y, width: column, height }, "service", service.name),
    text({ x: x + 10, y: y + 18 }, service.name, "label strong"),
    text({ x: x + column - 10, y: y + 18 }, service.offers.join(", "), "small end"),
    ...linesOf(service).map((detail, index) =>
      text({ x: x + 10, y: y + 19 + (index + 1) * lineHeight }, detail, "small"),
    ),
  ];
}

function drawHost({ name, nodes }: Host, { x, y, height }: Area): string[] {
  return [
    box({ x, y, width: column, height }, "host", `physical host ${name}`),
    text({ x: x + 10, y: y + 19 }, name, "small"),
    ...nodes.flatMap((node, index) => {
      const top = y + hostHead + index * (nodeHeight + 8);
      const size = `${node.architecture} · ${node.cpu} cores · ${node.memory}`;
      const addresses = [node.address, node.overlayAddress].filter(Boolean).join(" · ");
      return [
        box({ x: x + 8, y: top, width: column - 16, height: nodeHeight }, node.role, `${node.role} ${node.name}`),
        text({ x: x + 18, y: top + 17 }, node.name, "label strong"),
        text({ x: x + column - 18, y: top + 17 }, node.role, "small end"),
        text({ x: x + 18, y: top + 33 }, size, "small"),
        text({ x: x + 18, y: top + 47 }, addresses, "small"),
      ];
    }),
  ];
}
