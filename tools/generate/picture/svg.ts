/** Escapes text for SVG. */
const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A rounded box of a class, with an accessible title. */
export function box(area: Box, kind: string, title: string): string {
  const { x, y, width, height } = area;
  return `<g><title>${escape(title)}</title><rect class="${kind}" x="${x}" y="${y}" width="${width}" height="${height}" rx="8"/></g>`;
}

/** A line of text; nothing where there is none. */
export function text(at: { readonly x: number; readonly y: number }, content: string, kind = "label"): string {
  if (content === "") return "";
  return `<text class="${kind}" x="${at.x}" y="${at.y}">${escape(content)}</text>`;
}

export function line(from: { x: number; y: number }, to: { x: number; y: number }, kind: string): string {
  return `<line class="${kind}" x1="${from.x}" y1="${from.y}" x2="${to.x}" y2="${to.y}"/>`;
}

const style = `
  text { font: 13px system-ui, "DejaVu Sans", sans-serif; fill: #1f2933; }
  .strong { font-weight: 600; } .title { font-size: 18px; font-weight: 600; } .small { font-size: 11px; fill: #3e4c59; }
  .middle { text-anchor: middle; } .end { text-anchor: end; }
  .page { fill: #ffffff; } .site { fill: #f5f7fa; stroke: #9aa5b1; } .host { fill: #ffffff; stroke: #9aa5b1; stroke-dasharray: 4 3; }
  .server { fill: #d9e8fd; stroke: #2f6fd6; } .agent { fill: #def7e5; stroke: #2d8a4e; } .service { fill: #fff4d6; stroke: #b7791f; }
  .overlay { fill: #efe4fb; stroke: #7b4bc9; } .link { stroke: #7b4bc9; stroke-width: 2; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e4e7eb; } .small { fill: #c3ccd5; } .page { fill: #0d1117; } .site { fill: #161b22; stroke: #57606a; } .host { fill: #0d1117; stroke: #57606a; }
    .server { fill: #1d3a66; } .agent { fill: #1c4a2c; } .service { fill: #4a370f; } .overlay { fill: #3b2566; }
  }`;

/** A whole picture. */
export function svg(
  size: { readonly width: number; readonly height: number },
  title: string,
  parts: readonly string[],
): string {
  const { width, height } = size;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escape(title)}</title>`,
    `<!-- Generated from the stack files by \`npm run generate\`; do not edit. -->`,
    `<style>${style}\n</style>`,
    `<rect class="page" width="${width}" height="${height}"/>`,
    ...parts.filter((part) => part !== ""),
    `</svg>`,
    "",
  ].join("\n");
}
