import { isGroup, type AnyDeclaration, type Verb } from "./declare.ts";
import type { Option } from "./option.ts";
import { typedName } from "./parse.ts";

/** What follows a word of a command line may be: words, or what a shell finds itself. */
interface Offered {
  readonly words: readonly string[];
  readonly finds?: Option<unknown>["completes"];
}

/** One place on a command line: the words that led there, and what may come next. */
interface Place {
  readonly path: readonly string[];
  /** Words that may stand here, with what each does. */
  readonly next: readonly (readonly [word: string, summary: string])[];
  /** What an option's value may be, by the option as it is typed. */
  readonly values: Readonly<Record<string, Offered>>;
  /** What arguments may be. */
  readonly argument: Offered;
}

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

const offered = ({ choices = [], completes }: Option<unknown>): Offered => ({
  words: choices,
  ...(completes === undefined ? {} : { finds: completes }),
});

function placeOf(path: readonly string[], command: AnyDeclaration): Place {
  const options = Object.entries(command.options);
  const given = Object.values(command.arguments).map(offered);
  return {
    path,
    next: [...options.map(([name, { summary }]) => [typedName(name), summary] as const), help],
    values: Object.fromEntries(
      options
        .filter(([, { takes }]) => takes !== undefined)
        .map(([name, option]) => [typedName(name), offered(option)]),
    ),
    argument: given.find(({ words, finds }) => words.length > 0 || finds !== undefined) ?? { words: [] },
  };
}

const help = ["--help", "say what it does, what it takes and how it ends"] as const;

/** Every place: the program itself, groups, commands. */
function placesOf(verbs: readonly Verb[]): readonly Place[] {
  const listing = (path: readonly string[], below: readonly Verb[]): Place => ({
    path,
    next: [...below.map(({ name, summary }) => [name, summary] as const), help],
    values: {},
    argument: { words: [] },
  });
  return [
    listing([], verbs),
    ...verbs.flatMap((verb) =>
      isGroup(verb)
        ? [listing([verb.name], verb.commands), ...verb.commands.map((one) => placeOf([verb.name, one.name], one))]
        : [placeOf([verb.name], verb)],
    ),
  ];
}

/** A word in single quotes, as each of the shells takes it. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** A script that completes the program's command lines, to be read by the shell at its start. */
export function completionScript(shell: Shell, verbs: readonly Verb[]): string {
  const places = placesOf(verbs);
  if (shell === "bash") return bash(places);
  return shell === "zsh" ? zsh(places) : fish(places);
}

/** The folder of stack files that a line is about, and its sites. The same for bash and zsh. */
const sitesFunction = `__isthmus_sites() {
  local folder=\${ISTHMUS_CONFIG:-.} word before=
  for word in "$@"; do
    [ "$before" = --config ] && folder=$word
    before=$word
  done
  for word in "$folder"/Pulumi.*.yaml; do
    [ -e "$word" ] || continue
    word=\${word##*/Pulumi.}
    printf '%s\\n' "\${word%.yaml}"
  done
}`;

/** Words that lead to a place as one text, and options that take a value at it. */
const key = (path: readonly string[]): string => path.join(" ");

/** A case of what may come next, for bash and zsh: sets \`words\` and \`finds\`. */
function cases(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, next, values, argument }) => {
    const at = (option: string, { words, finds }: Offered): string =>
      `    ${quoted(`${key(path)}|${option}`)}) words=${quoted(words.join(" "))} finds=${finds ?? "nothing"} ;;`;
    const here = { words: [...next.map(([word]) => word), ...argument.words], finds: argument.finds };
    return [
      ...Object.entries(values).map(([option, value]) => at(option, value)),
      at("", here.finds === undefined ? { words: here.words } : { words: here.words, finds: here.finds }),
    ];
  });
  return `  case "$path|$option" in\n${lines.join("\n")}\n  esac`;
}

/** Walks the words before the cursor: sets \`path\` and, where a value is due, \`option\`. */
function walk(places: readonly Place[]): string {
  const groups = places.filter(({ path, values }) => path.length === 1 && Object.keys(values).length === 0);
  const isGroupPath = groups.map(({ path }) => quoted(key(path))).join("|");
  const withValues = [...new Set(places.flatMap(({ values }) => Object.keys(values)))].sort().join("|");
  return `  for word in "$@"; do
    if [ -n "$option" ]; then option=; continue; fi
    case "$word" in
      ${withValues}) option=$word ;;
      -*) ;;
      *) case "$path" in
           '') path=$word ;;
           ${isGroupPath}) path="$path $word" ;;
         esac ;;
    esac
  done`;
}

function bash(places: readonly Place[]): string {
  return `# Completion of isthmus for bash: source <(npx isthmus completion bash)
${sitesFunction}
__isthmus_next() {
  local word option= path=
  words= finds=nothing
${walk(places)}
${cases(places)}
}
__isthmus() {
  local current=\${COMP_WORDS[COMP_CWORD]} skip=1 words finds
  [ "\${COMP_WORDS[0]##*/}" = npx ] && skip=2
  local before=("\${COMP_WORDS[@]:skip:COMP_CWORD-skip}")
  COMPREPLY=()
  __isthmus_next "\${before[@]}"
  case "$finds" in
    sites) words="$words $(__isthmus_sites "\${before[@]}")" ;;
    folders) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
    files) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
  esac
  mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$words" -- "$current")
}
__isthmus_npx() {
  if [ "\${COMP_WORDS[1]}" = isthmus ] && [ "$COMP_CWORD" -gt 1 ]; then __isthmus; else COMPREPLY=(); fi
}
complete -F __isthmus isthmus
complete -p npx >/dev/null 2>&1 || complete -o default -F __isthmus_npx npx
`;
}

function zsh(places: readonly Place[]): string {
  return `#compdef isthmus
# Completion of isthmus for zsh: source <(npx isthmus completion zsh), after compinit
${sitesFunction}
__isthmus_next() {
  setopt local_options no_nomatch
  local word option= path_=
  words_= finds=nothing
${walk(places).replaceAll('"$path', '"$path_').replaceAll("path=", "path_=")}
${cases(places).replaceAll('"$path|', '"$path_|').replaceAll(" words=", " words_=")}
}
__isthmus_line() {
  setopt local_options null_glob
  local words_ finds
  local -a offered
  __isthmus_next "$@"
  offered=(\${(z)words_})
  [ "$finds" = sites ] && offered+=(\${(f)"$(__isthmus_sites "$@")"})
  [ \${#offered} -gt 0 ] && compadd -- $offered
  [ "$finds" = folders ] && _files -/
  [ "$finds" = files ] && _files
  return 0
}
_isthmus() { __isthmus_line "\${(@)words[2,CURRENT-1]}"; }
_isthmus_npx() {
  if [ "\${words[2]}" = isthmus ] && [ "$CURRENT" -gt 2 ]; then __isthmus_line "\${(@)words[3,CURRENT-1]}"; else _files; fi
}
compdef _isthmus isthmus
(( \${+_comps[npx]} )) || compdef _isthmus_npx npx
`;
}

function fish(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, next, values, argument }) => {
    const here = `complete -c isthmus -n ${quoted(`__isthmus_at ${path.join(" ")}`.trim())}`;
    const found = {
      sites: "(__isthmus_sites)",
      folders: "(__fish_complete_directories)",
      files: "(__fish_complete_path)",
    };
    const list = ({ words, finds }: Offered): string =>
      quoted([...words, ...(finds === undefined ? [] : [found[finds]])].join(" "));
    const flags = next.filter(([word]) => word.startsWith("--"));
    const words = next.filter(([word]) => !word.startsWith("--"));
    return [
      ...words.map(([word, summary]) => `${here} -f -a ${word} -d ${quoted(summary)}`),
      ...flags.map(([word, summary]) => {
        const value = values[word];
        return `${here} -f -l ${word.slice(2)} -d ${quoted(summary)}${value === undefined ? "" : ` -x -a ${list(value)}`}`;
      }),
      ...(argument.words.length > 0 || argument.finds !== undefined ? [`${here} -f -a ${list(argument)}`] : []),
    ];
  });
  const groups = places.filter(({ path, values }) => path.length === 1 && Object.keys(values).length === 0);
  const withValues = [...new Set(places.flatMap(({ values }) => Object.keys(values)))].sort();
  return `# Completion of isthmus for fish: npx isthmus completion fish | source
function __isthmus_words
    set -l words (commandline -opc)
    set -e words[1]
    set -l skip no
    set -l path
    for word in $words
        if test $skip = yes
            set skip no
        else if contains -- $word ${withValues.join(" ")}
            set skip yes
        else if not string match -q -- '-*' $word
            if test (count $path) -eq 0; or begin; test (count $path) -eq 1; and contains -- $path[1] ${groups.map(({ path }) => key(path)).join(" ")}; end
                set -a path $word
            end
        end
    end
    string join -- ' ' $path
end
function __isthmus_at
    test "$argv" = (__isthmus_words | string collect -a)
end
function __isthmus_sites
    set -l folder .
    set -q ISTHMUS_CONFIG; and test -n "$ISTHMUS_CONFIG"; and set folder $ISTHMUS_CONFIG
    set -l before
    for word in (commandline -opc)
        test "$before" = --config; and set folder $word
        set before $word
    end
    for file in $folder/Pulumi.*.yaml
        string replace -r '.*/Pulumi\\.(.*)\\.yaml$' '$1' -- $file
    end
end
complete -c isthmus -f
${lines.join("\n")}
`;
}
