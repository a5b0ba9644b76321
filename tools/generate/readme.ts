import { UserError } from "@isthmus/core";
import { betweenMarks } from "./marks.ts";

/** Blocks of the preview that the README shows, by how they begin. */
const shown = ["✔ Stack files", "What becomes of", "Down for a while", "Room"];

/** The README with some blocks of what `npm run preview` prints. */
export function withExcerpt(readme: string, preview: string): string {
  const blocks = preview.split(/\n\s*\n/);
  const excerpt = shown.map((heading) => {
    const block = blocks.find((candidate) => candidate.trimStart().startsWith(heading));
    if (block === undefined)
      throw new UserError(`the preview prints no block that begins with "${heading}": see ${import.meta.filename}`);
    return block.trim();
  });
  return betweenMarks(readme, "preview", `\`\`\`text\n${excerpt.join("\n\n")}\n\`\`\``);
}
