/** A checksum or digest that this project states, and why it is believed. None stands anywhere without both. */
export interface StatedDigest {
  /** Hexadecimal digits in lower case: SHA-1 of a commit, SHA-256 or SHA-512 of a file. */
  readonly digest: string;
  /** What it is of, as people say it. */
  readonly of: string;
  /** URL of what it is of, or of the publisher's own list of checksums. */
  readonly source: string;
  /** How it was compared and when; `never` where nobody could: then preview says so, to whoever uses it. */
  readonly compared: "never" | { readonly on: string; readonly how: string };
}
