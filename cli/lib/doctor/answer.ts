/** What a repository said of a chart. Undefined: it can be had in that version. */
export type Answer = { readonly problem: string; readonly unreached?: true } | undefined;
