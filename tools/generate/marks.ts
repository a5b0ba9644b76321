import { UserError } from "@isthmus/core";

/** A page with another text between its marks of that name: `<!-- name: kept by … -->` and `<!-- /name -->`. */
export function betweenMarks(page: string, name: string, text: string): string {
  const begin = `<!-- ${name}: kept by \`npm run generate\` -->`;
  const end = `<!-- /${name} -->`;
  const [before, rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined)
    throw new UserError(`README.md has lost its marks ${begin} and ${end}`);
  return `${before}${begin}\n\n${text}\n\n${end}${after}`;
}
