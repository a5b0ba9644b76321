import { toNumber, type Range } from "@isthmus/core";

/** The addresses of a pool written as `10.0.20.200-10.0.20.209`. */
export function poolRange(text: string): Range {
  const [first = "", last = first] = text.split("-");
  return { first: toNumber(first), last: toNumber(last) };
}
