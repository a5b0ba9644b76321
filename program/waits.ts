/**
 * What waits for what, so that nothing is said twice. The engine follows every way through the dependencies when a
 * deletion fails or meets something protected, and their number multiplies with each edge that others imply: with all of
 * them, two sites' services took it more than ten minutes.
 */
export class Waits<T> {
  readonly #before = new Map<T, ReadonlySet<T>>();

  /** Notes what `one` waits for. */
  add(one: T, waitsFor: readonly T[]): void {
    this.#before.set(one, new Set(waitsFor.flatMap((other) => [other, ...this.#allBefore(other)])));
  }

  /** `wanted`, each once, without those that another of them waits for anyway. */
  withoutImplied(wanted: readonly T[]): T[] {
    const each = [...new Set(wanted)];
    return each.filter((one) => !each.some((other) => this.#allBefore(other).has(one)));
  }

  #allBefore(one: T): ReadonlySet<T> {
    return this.#before.get(one) ?? new Set();
  }
}
