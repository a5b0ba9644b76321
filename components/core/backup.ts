import type { Duration } from "./quantity.ts";

/** What backs up the data, or why nothing does. */
export type Backup =
  | { readonly by: string; readonly to: string; readonly every: Duration; readonly keeps?: string | undefined }
  | { readonly none: string };
