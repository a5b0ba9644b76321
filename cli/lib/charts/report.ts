import type { Judgement } from "./judge.ts";
import type { Law } from "./laws/law.ts";

/** What came of it, as people read it: the verdict, then each breach below its law, with the fix said once. */
export function judgementText({ site, releases, breaches, idle }: Judgement, laws: readonly Law[]): string {
  const broken = laws.filter(({ id }) => breaches.some(({ law }) => law === id));
  const verdict = `${site}: ${laws.length - broken.length} of ${laws.length} laws hold for ${releases} releases`;
  const below = broken.flatMap(({ id, sentence, fix }) => [
    `  ${id}: ${sentence}`,
    ...breaches.filter(({ law }) => law === id).map(({ release, at, problem }) => `    ${release}, ${at}: ${problem}`),
    `    fix: ${fix}`,
  ]);
  const excused = idle.map(
    ({ law, release, at }) =>
      `  an exception excuses nothing: ${law}, ${release}, ${at}. Take it out of exceptions.ts.`,
  );
  return [verdict, ...below, ...excused].join("\n");
}
