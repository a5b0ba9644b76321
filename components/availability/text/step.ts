/** A step that a person does: in words, as a command that is typed as it stands, or both. */
export interface Step {
  /** Words before the command, or all of it. */
  readonly words?: string;
  readonly command?: string;
  /** What is to be known of the command. */
  readonly note?: string;
}

const step =
  /^(?:(?<words>.*?): +)?(?<command>(?:kubectl|pulumi|npm|npx|helm|ssh|ssh-keyscan|sudo|vault) \S.*?)(?: {2,}# *(?<note>.*))?$/;

/** Takes a step apart, so that its command is neither wrapped nor made part of a sentence. */
export function readStep(text: string): Step {
  const { words, command, note } = step.exec(text)?.groups ?? {};
  if (command === undefined) return { words: text };
  return { ...(words === undefined ? {} : { words }), command, ...(note === undefined ? {} : { note }) };
}
