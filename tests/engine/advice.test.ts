/** Commands that messages advise, run as they are written by the real `pulumi`: afterwards the finding is gone. */
import assert from "node:assert/strict";
import { planStackFiles } from "../../plan/stack-files.ts";
import { disposing, must, needsPulumi } from "../kits/engine/harness.ts";
import { TwoSites } from "../kits/fleets/two-sites.ts";

const secrets = ["config", "isthmus:secrets"];

describe("what messages about secrets advise", function () {
  this.timeout(120_000);
  let sites: TwoSites;

  before(needsPulumi);
  before(async () => {
    sites = new TwoSites();
    await sites.init(sites.a);
  });
  after(disposing(() => (sites as TwoSites | undefined)?.fleet));

  const findings = () => {
    const planned = planStackFiles(sites.fleet.program);
    return "findings" in planned ? planned.findings : [];
  };

  /** The commands in a text, as arguments: what stands in quotes is one. */
  const commandsIn = (text: string): string[][] =>
    [...text.matchAll(/pulumi (config (?:set|rm)(?: (?:--?[a-z]+|[\w-]+|'[^']*'))+)/g)].map(([, command = ""]) =>
      [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? ""),
    );

  for (const [what, path, value] of [
    ["a secret in plain text", [...secrets, "extraToken"], "not encrypted"],
    ["a secret without a value", [...secrets, "extraToken"], null],
    ["a secret whose name has a dot", [...secrets, "extra"], { token: { secure: "v1:AAAA:BBBB" } }],
    ["secrets that are encrypted as a whole", secrets, { secure: "v1:AAAA:BBBB" }],
    ["secrets that are a list", secrets, undefined],
  ] as const) {
    it(`${what}: the finding is gone when its commands have run`, async () => {
      const undo = sites.edit("Pulumi.site-a.yaml", path, value === undefined ? ["sshKey"] : value);
      const found = findings();
      const [finding] = found;
      assert.deepEqual(
        found.map(({ rule }) => rule),
        ["plaintext-secret"],
      );
      const commands = commandsIn(finding?.fix ?? "");
      assert.ok(commands.length > 0, finding?.fix);
      assert.ok(commands.every((command) => command.join(" ").includes("--stack site-a")));
      if (/^remove what stands here/.test(finding?.fix ?? "")) sites.edit("Pulumi.site-a.yaml", path, undefined);
      for (const [command = "", verb = "", ...rest] of commands) {
        const named = rest.map((one) => one.replace("NAME", "extraToken"));
        must(await sites.fleet.pulumi([command, verb, ...named, ...(verb === "set" ? ["canary"] : [])]));
      }
      assert.deepEqual(findings(), []);
      undo();
    });
  }

  it("a secret that is not set: the commands of an update that lacks it set it", async () => {
    const undo = sites.edit("Pulumi.site-a.yaml", [...secrets, "sshKey"], undefined);
    const refused = await sites.a.up();
    const commands = commandsIn(refused.errors.join("\n"));
    assert.equal(commands.length, 1, refused.errors.join("\n"));
    for (const command of commands) must(await sites.fleet.pulumi([...command, "--stack", "site-a", "canary"]));
    const planned = planStackFiles(sites.fleet.program);
    assert.ok("fleet" in planned);
    assert.deepEqual(
      planned.fleet.sites[0]?.secrets.filter(({ present }) => !present),
      [],
    );
    undo();
  });
});
