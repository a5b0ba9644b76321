import { requireScenarios } from "../../kits/site/requirements.ts";
import type { TestSite } from "../../kits/site/test-site.ts";

interface Made {
  readonly create: () => Promise<TestSite>;
  /** What is done to it before the first test. Where that fails, it is taken down all the same. */
  readonly prepare: (site: TestSite) => Promise<unknown>;
}

/**
 * The one site of the suite that calls this, for all of its tests: of a test that failed nothing is left to the next one,
 * which gets another. Skips the suite where there can be no hosts.
 */
export function keepWellSite({ create, prepare }: Made): () => Promise<TestSite> {
  let site: TestSite | undefined;
  async function wellSite(): Promise<TestSite> {
    if (site !== undefined) return site;
    site = await create();
    await prepare(site);
    return site;
  }
  async function giveUp(): Promise<void> {
    const old = site;
    site = undefined;
    await old?.destroy();
  }
  before(async function () {
    requireScenarios(this);
    await wellSite();
  });
  afterEach(async function () {
    if (this.currentTest?.state === "failed") await giveUp();
  });
  after(giveUp);
  return wellSite;
}
