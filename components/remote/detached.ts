import { Output } from "@pulumi/pulumi";

/** What an output consists of: https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/output.ts (`OutputImpl`). */
interface Parts<T> {
  promise(withUnknowns: boolean): Promise<T>;
  readonly isKnown: Promise<boolean>;
  readonly isSecret: Promise<boolean>;
}
type Maker = new <T>(
  resources: readonly never[],
  promise: Promise<T>,
  isKnown: Promise<boolean>,
  isSecret: Promise<boolean>,
  allResources: Promise<ReadonlySet<never>>,
) => Output<T>;

/**
 * The same value, secret or unknown as it is, that names no resources it came from. For what waits for something else anyway that
 * came after all of them: each edge that others imply multiplies the ways that the engine goes through the dependencies.
 */
export function detached<T>(value: Output<T>): Output<T> {
  const { isKnown, isSecret } = value as unknown as Parts<T>;
  const promise = (value as unknown as Parts<T>).promise(true);
  return new (Output as unknown as Maker)([], promise, isKnown, isSecret, Promise.resolve(new Set<never>()));
}
