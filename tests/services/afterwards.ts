/**
 * For a suite: what its tests began is ended after them, last begun first, also where only some of it began.
 * @returns tells what to do afterwards
 */
export function afterwards(suite: Mocha.Suite): (undo: () => unknown) => void {
  const undone: (() => unknown)[] = [];
  suite.afterAll(async () => {
    for (const undo of undone.reverse()) await undo();
  });
  return (undo) => {
    undone.push(undo);
  };
}
