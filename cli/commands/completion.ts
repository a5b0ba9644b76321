import { declare, type AnyDeclaration } from "../lib/command/declare.ts";
import { oneOf, required } from "../lib/command/option.ts";
import { shells } from "../lib/command/completion.ts";

export const command: AnyDeclaration = declare({
  name: "completion",
  summary: "prints a script by which a shell completes commands, options and sites",
  notes: "It completes `isthmus`, and in bash and zsh `npx isthmus`, too, where nothing else completes npx.",
  arguments: { shell: required(oneOf("shell", "which one", shells)) },
  options: {},
  examples: [
    "completion bash > ~/.local/share/bash-completion/completions/isthmus",
    "completion fish > ~/.config/fish/completions/isthmus.fish",
  ],
  finding: "it was not printed",
  needs: [],
  run: async ({ shell }) => (await import("./run/completion.ts")).completion(shell, command),
});
