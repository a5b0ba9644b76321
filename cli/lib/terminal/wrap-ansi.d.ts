/** As much of it as we call, for checkouts whose packages are those of before: wrap-ansi 7 has no types of its own. */
declare module "wrap-ansi" {
  export default function wrapAnsi(
    text: string,
    columns: number,
    options?: { readonly hard?: boolean; readonly trim?: boolean },
  ): string;
}
