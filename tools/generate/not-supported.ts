import { notSupported } from "../../config/not-supported.ts";
import { betweenMarks } from "./marks.ts";

export const notSupportedPage = "docs/reference/not-supported.md";

/** The page of what people know from other tools: what is so, and what to do instead. */
export function notSupportedText(): string {
  const rows = notSupported.map(
    ({ topic, so, instead }) => `## ${capital(topic)}\n\n${capital(so)}. Instead: ${instead}.\n`,
  );
  return [
    "# Known from other tools, and not supported\n",
    "Written from `config/not-supported.ts` by `npm run generate`. Preview says the same where a stack file has a key or a value for it.\n",
    ...rows,
  ].join("\n");
}

/** The README with the list of those topics. */
export function withNotSupported(readme: string): string {
  const topics = notSupported.map(({ topic }) => topic).join("; ");
  return betweenMarks(
    readme,
    "not-supported",
    `- Known from other tools, and [not supported](${notSupportedPage}): ${topics}.`,
  );
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
