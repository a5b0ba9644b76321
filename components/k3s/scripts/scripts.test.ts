import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { renderScript, withoutComments, type Parameters, type Script } from "@isthmus/remote/script";
import { letGo } from "../operations/let-go.ts";
import {
  adoptParameters,
  installParameters,
  installSecrets,
  memberParameters,
  preflightParameters,
  statusParameters,
} from "../plan/parameters.ts";
import { planCluster } from "../plan/plan.ts";
import { restoreStages } from "../operations/restore.ts";
import type { Step } from "../operations/step.ts";
import { peersOf, rosterOf } from "../plan/roster.ts";
import { scripts } from "./scripts.ts";
import { snapshotStep, snapshotsStep, snapshotTokenStep } from "../operations/snapshots.ts";
import { storeProbeParameters } from "../resources/upkeep.ts";
import { webhookParameters } from "../resources/webhook.ts";
import { settingsOf, sixNodes } from "../testing.ts";

const plan = planCluster({ name: "site-a", nodes: sixNodes, settings: settingsOf() });
const [server] = plan.order.servers;
const agent = plan.order.lanes[0]?.[0];
assert.ok(server && agent);
const live = { machine: "m", ca: "", servers: ["10.0.20.11"], adopt: false };
const request = { snapshot: "daily", onto: "server-1", attempt: "now", machines: {} };
const [[ready] = [], , [restore] = []] = restoreStages(plan, request);
assert.ok(ready && restore);
const members = memberParameters(plan, {});
const probe = { refused: { apiVersion: "v1", kind: "Pool", metadata: { name: "probe" } }, because: "no pool" };

const toldBy = ({ parameters, secretNames }: Step): readonly [Parameters, readonly string[]] => [
  parameters,
  secretNames,
];

/** What each script is really told: shellcheck then finds a variable that nobody sets. */
const told: Readonly<Record<keyof typeof scripts, readonly [Parameters, readonly string[]]>> = {
  preflight: [preflightParameters(plan, server.node, peersOf(server.node, rosterOf(sixNodes))), []],
  bootstrap: [{}, []],
  adopt: [adoptParameters(plan, server.node), ["SERVER_TOKEN", "AGENT_TOKEN"]],
  admission: [members, []],
  installServer: [installParameters(plan, server, live), installSecrets.server],
  installAgent: [installParameters(plan, agent, live), installSecrets.agent],
  kubeconfig: [{ API_ADDRESS: "10.0.20.10", CLUSTER: "site-a" }, []],
  membership: [{ ...members, DRAIN_SECONDS: 60 }, []],
  nextToken: [{}, ["SERVER_TOKEN"]],
  rotateToken: [{}, ["OLDER_TOKENS", "SERVER_TOKEN"]],
  snapshot: toldBy(snapshotStep(plan, "server-1", "before-upgrade")),
  snapshots: toldBy(snapshotsStep(plan, "server-1")),
  storeProbe: [storeProbeParameters(plan, server), ["S3_ACCESS_KEY", "S3_SECRET_KEY"]],
  snapshotToken: toldBy(snapshotTokenStep(plan, { name: "daily-server-1-1", madeAt: "", on: "server-1" })),
  readyToRestore: toldBy(ready),
  leave: [{ ATTEMPT: "now" }, []],
  restore: [restore.parameters, restore.secretNames],
  restartAgent: [{ NODE: "agent-1", ROLE: "agent", ATTEMPT: "now", WAIT_SECONDS: 300 }, []],
  osUpdates: [{ NODE: "server-1", ROLE: "server" }, []],
  makeWay: [{ NODE: "server-1", ROLE: "server", DRAIN: true, DRAIN_SECONDS: 300 }, []],
  updateOs: [{ NODE: "server-1", ROLE: "server" }, []],
  rebootHost: [{ NODE: "server-1", ROLE: "server", BOOT_ID: "b", REBOOT: "when-required" }, []],
  returnToService: [{ NODE: "server-1", ROLE: "server", WAIT_SECONDS: 300 }, []],
  certificateState: [{ NODE: "server-1", ROLE: "server" }, []],
  rotateCertificates: [{ NODE: "server-1", ROLE: "server", WAIT_SECONDS: 300, RENEW_BELOW_DAYS: 364 }, []],
  letGo: [letGo(plan, "server-1").parameters, []],
  status: [statusParameters(plan, server), []],
  webhook: [webhookParameters({ release: "metallb", namespace: "metallb", probe }), []],
};

/** As it runs on a host, every variable assigned before, and without the leave that single files have. */
function whole(script: Script, parameters: Parameters, secrets: readonly string[]): string {
  const all = { ...parameters, ...Object.fromEntries(secrets.map((name) => [name, "secret"])) };
  const header = { ISTHMUS_HOST: "a", ISTHMUS_SECRETS: [...secrets] };
  const call = { script, host: "a", parameters: { ...all, ...header }, secretNames: [], user: "root" };
  return renderScript(call).replaceAll(/^# shellcheck (shell|disable=SC2034).*\n/gm, "");
}

describe("the scripts of k3s", () => {
  for (const [name, [parameters, secrets]] of Object.entries(told)) {
    it(`${name} passes shellcheck as a whole, with the parameters that it is given`, function () {
      if (spawnSync("shellcheck", ["--version"]).status !== 0) {
        console.log("      skipped: shellcheck is not installed (Debian: apt-get install shellcheck)");
        this.skip();
      }
      const text = whole(scripts[name as keyof typeof scripts], parameters, secrets);
      // SC2034, SC2317: parts and parameters that one script does not use are there for others. SC2100: `NODE=server-1`.
      const { stdout } = spawnSync("shellcheck", ["-e", "SC2034,SC2100,SC2317", "-"], {
        input: text,
        encoding: "utf8",
      });
      assert.equal(stdout, "");
    });

    it(`${name} is bash`, () => {
      const { status, stderr } = spawnSync("bash", ["-n"], {
        input: whole(scripts[name as keyof typeof scripts], parameters, secrets),
        encoding: "utf8",
      });
      assert.equal(status, 0, stderr);
    });
  }

  it("are the same to bash without lines that are a comment, as they are sent", () => {
    const parsed = (text: string): string => {
      const { status, stdout } = spawnSync("bash", ["--pretty-print"], { input: text, encoding: "utf8" });
      assert.equal(status, 0);
      return stdout.replaceAll(/^\n/gm, "");
    };
    assert.notEqual(parsed("echo '\n# within quotes\n'\n"), parsed(withoutComments("echo '\n# within quotes\n'\n")));
    for (const [name, { text }] of Object.entries(scripts)) {
      assert.ok(withoutComments(text).length < text.length);
      assert.equal(parsed(withoutComments(text)), parsed(text), name);
    }
  });

  it("write what stays by \`put\` alone, which is on the disk before its name", () => {
    for (const [name, { text }] of Object.entries(scripts)) {
      const writes = text
        .split("\n")
        .filter((line) => / >>?"?\$\{?(RECORD|K3S_ETC|K3S_DATA|[A-Z_]+)\b|>>?\/(etc|var)/.test(line));
      const passing = />>?"\$(RECORD\/[\w-]+\.log|STAGE|STORE_|ISTHMUS_TOLD|BEGUN)|OTHERS/;
      assert.deepEqual(
        writes.filter((line) => !passing.test(line)),
        [],
        name,
      );
    }
  });

  it("take the lock before they change anything", () => {
    const readers = [
      "adopt",
      "kubeconfig",
      "snapshots",
      "snapshotToken",
      "storeProbe",
      "certificateState",
      "status",
      "webhook",
    ];
    for (const [name, script] of Object.entries(scripts)) {
      assert.equal(/^lock$/m.test(script.text), !readers.includes(name), name);
    }
  });
});
