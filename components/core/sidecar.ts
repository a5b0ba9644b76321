import { toMebibytes, toMillicores, type Bytes, type Cpu } from "./quantity.ts";

/** What one container asks for. */
export interface ContainerAmounts {
  readonly memory: Bytes;
  readonly cpu?: Cpu;
}

/**
 * A footprint states what a pod's containers need together; some charts take the main container's share and those of
 * sidecars at places of their own. This is the conversion for the main container's place.
 */
export function without(...sidecars: readonly ContainerAmounts[]): (value: unknown) => ContainerAmounts {
  const sum = (of: (one: ContainerAmounts) => number): number => sidecars.reduce((total, one) => total + of(one), 0);
  return (value) => {
    const { memory, cpu } = value as ContainerAmounts;
    const left: Bytes = `${positive(toMebibytes(memory) - sum((one) => toMebibytes(one.memory)))}Mi`;
    if (cpu === undefined) return { memory: left };
    return { memory: left, cpu: `${positive(toMillicores(cpu) - sum((one) => toMillicores(one.cpu ?? "0")))}m` };
  };
}

function positive(rest: number): number {
  if (rest <= 0)
    throw new Error("sidecars take all that the footprint states, and nothing is left for the main container");
  return rest;
}

/** What several containers need together. */
export function together(...parts: readonly Required<ContainerAmounts>[]): Required<ContainerAmounts> {
  const memory = parts.reduce((total, part) => total + toMebibytes(part.memory), 0);
  return { memory: `${memory}Mi`, cpu: `${parts.reduce((total, part) => total + toMillicores(part.cpu), 0)}m` };
}
