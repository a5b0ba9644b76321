/** A fleet whose stack files stand apart from the program, from `init` to `up`. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";

import { Fleet, must, type Run } from "../kits/engine/harness.ts";
import { needsPulumi } from "../kits/engine/cli.ts";
import { backendUrl } from "../kits/engine/workspace.ts";
import { repository } from "../kits/fleets/two-sites.ts";
import { inOrder } from "../kits/in-order.ts";

describe("stack files that stand apart from the checkout", function () {
  inOrder(this);
  let fleet: Fleet;
  let own: string;
  before(needsPulumi);
  before(() => {
    fleet = Fleet.create({ program: repository });
    own = join(fleet.program, "../homelab");
  });
  after(() => {
    fleet.dispose();
  });

  const isthmus = async (words: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    execa(process.execPath, [join(repository, "cli/isthmus.js"), ...words], {
      cwd: fleet.program,
      env: { ...fleet.env, ...env },
      extendEnv: false,
      reject: false,
      stdin: "ignore",
    });
  const pulumi = (...words: readonly string[]): Promise<Run> => fleet.pulumi(["-C", own, ...words]);

  it("are written by init, which previews them", async () => {
    const run = await isthmus([
      ...["init", own, "--site", "home", "--node", "pc-1=10.9.0.11,pc-2=10.9.0.12,pc-3=10.9.0.13"],
      ...["--machine", "amd64/4/8Gi", "--api", "10.9.0.10", "--user", "root"],
      ...["--backend", backendUrl(fleet.backend), "--stands-at", "a USB disk"],
    ]);
    assert.equal(run.exitCode, 0, `${run.stdout}\n${run.stderr}`);
    assert.match(run.stdout, /Stack files and mandatory policies are in order\./);
    assert.match(readFileSync(join(own, "Pulumi.yaml"), "utf8"), /^main: \.\..*$/m);
    assert.deepEqual(readdirSync(own).sort(), [".gitignore", "Pulumi.home.yaml", "Pulumi.yaml"]);
    const again = await isthmus(["init", own, "--site", "other"]);
    assert.equal(again.exitCode, 1);
    assert.match(again.stderr, /has stack files \(Pulumi\.home\.yaml, Pulumi\.yaml\), and init overwrites none/);
  });

  it("are what the engine reads: preview there plans the machines of that fleet", async () => {
    must(await pulumi("stack", "init", "home", "--secrets-provider", "passphrase"));
    must(
      await pulumi("config", "set", "--stack", "home", "--path", "--secret", "isthmus:secrets.sshKey", "canary-key"),
    );
    const run = must(await fleet.pulumi(["-C", own, "preview", "--stack", "home"], { events: true }));
    const machines = run.planned.filter(({ type }) => type === "isthmus:hosts:Machine").map(({ name }) => name);
    assert.deepEqual(machines.sort(), ["pc-1", "pc-2", "pc-3"]);
  });

  it("are what the commands read, by --config and by ISTHMUS_CONFIG, with the stacks of that project", async () => {
    for (const run of [
      await isthmus(["state", "check", "--config", own]),
      await isthmus(["state", "check"], { ISTHMUS_CONFIG: own }),
    ]) {
      assert.equal(run.exitCode, 0, `${run.stdout}\n${run.stderr}`);
      assert.match(run.stdout, /: home\n/);
    }
    const copied = await isthmus(["state", "backup"], { ISTHMUS_CONFIG: own });
    assert.equal(copied.exitCode, 0, copied.stderr);
    assert.equal(readdirSync(join(own, "state-copies")).length, 1);
    const recovered = await isthmus(["recover", "home", "--config", own]);
    assert.equal(recovered.exitCode, 0, recovered.stderr);
    assert.match(recovered.stdout, /home has no lock and nothing half made/);
    const nothing = await isthmus(["status", "home", "--config", own]);
    assert.equal(nothing.exitCode, 3);
    assert.match(nothing.stderr, /does not say how its machines are reached/);
  });

  it("are refused by the engine where the commands would read other ones", async () => {
    const elsewhere = join(own, "../elsewhere");
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, "Pulumi.yaml"), "name: isthmus\n");
    const run = await fleet.pulumi(["-C", own, "preview", "--stack", "home"], {
      events: true,
      env: { ISTHMUS_CONFIG: elsewhere },
    });
    assert.notEqual(run.exitCode, 0);
    assert.match(
      `${run.stdout}${run.stderr}${run.errors.join("\n")}`,
      /ISTHMUS_CONFIG is ".*elsewhere", and this run reads/,
    );
    must(await fleet.pulumi(["-C", own, "preview", "--stack", "home"], { events: true, env: { ISTHMUS_CONFIG: own } }));
  });

  it("are what the policy pack is run beside", async () => {
    must(await pulumi("preview", "--stack", "home", "--policy-pack", join(repository, "policy")));
  });
});
