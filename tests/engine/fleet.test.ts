/** The life of a fleet of two sites: the real program and the project's own commands, under the real engine. */
import { inOrder } from "../kits/in-order.ts";
import { needsPulumi } from "../kits/engine/harness.ts";
import { beginning } from "./life/beginning.ts";
import { end } from "./life/end.ts";
import { linking, oneChart } from "./life/linking.ts";
import { lostSite } from "./life/lost-site.ts";
import { scriptOutput, secretsNowhereElse, secretsWhereTheyBelong } from "./life/secrets.ts";
import { states } from "./life/states.ts";
import { copyOfRepository, TwoSites } from "../kits/fleets/two-sites.ts";

describe("two sites under the real engine", function () {
  // Each test goes on from where the one before it ended.
  inOrder(this);
  let program: ReturnType<typeof copyOfRepository>;
  let sites: TwoSites;
  const theSites = (): TwoSites => sites;

  before(needsPulumi);
  before(() => {
    program = copyOfRepository();
    sites = new TwoSites(program.folder);
    sites.fleet.setAnswers([
      { command: "install-server", stdout: `${scriptOutput}\nK10${"ab".repeat(32)}\n${scriptOutput}` },
      { command: "install", stdout: scriptOutput },
    ]);
  });
  after(() => {
    sites.dispose();
    program.dispose();
  });

  describe("before anything exists", () => {
    beginning(theSites);
  });
  describe("going up and linking", () => {
    linking(theSites);
    oneChart(theSites, () => program.folder);
    secretsWhereTheyBelong(theSites);
  });
  describe("their states", () => {
    states(theSites);
  });
  describe("site A and its disks are gone", () => {
    lostSite(theSites);
    secretsNowhereElse(theSites);
  });
  describe("coming down", () => {
    end(theSites);
  });
});
