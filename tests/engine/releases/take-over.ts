import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { must, type Stack } from "../../kits/engine/harness.ts";
import type { TwoSites } from "../../kits/fleets/two-sites.ts";
import { keptState, resourcesIn } from "./kept.ts";
import { seedWorld } from "./seed.ts";

/** The state of a release as the stack's, and a world to go with it. */
export async function takeOver({ fleet }: TwoSites, site: Stack, release: string): Promise<void> {
  const file = join(fleet.program, `${site.name}.json`);
  const state = keptState(release, site.name);
  writeFileSync(file, state);
  must(await fleet.pulumi(["stack", "import", "--stack", site.name, "--file", file]));
  await seedWorld(fleet.env["ISTHMUS_SIM_STORE"] ?? "", resourcesIn(state));
}
