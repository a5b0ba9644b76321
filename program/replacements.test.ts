import assert from "node:assert/strict";
import { UserError } from "@isthmus/core";
import type { AskedOfServers } from "@isthmus/k3s";
import { join } from "node:path";
import { load } from "../config/load.ts";
import { catalogue } from "../plan/catalogue.ts";
import { planFleet } from "../plan/fleet.ts";
import type { SitePlan } from "../plan/plans.ts";
import type { ResourceOutputs, StackRead } from "./peers.ts";
import { guardReplacements, standingIn, vmsToRemember, type ReplacementsArgs } from "./replacements.ts";

const access = { hosts: {}, servers: [], machines: {}, secrets: {} };

let known: SitePlan | undefined;

function planned(): SitePlan {
  const loaded = load(join(import.meta.dirname, ".."), catalogue);
  assert.ok("model" in loaded);
  const [plan] = planFleet(loaded.model).sites;
  assert.ok(plan);
  return plan;
}

/** Site A of the default stacks, with other words for `rebuild`, by the name of the machine. */
function siteA(words: Readonly<Record<string, string>> = {}): SitePlan {
  const plan = (known ??= planned());
  assert.ok(plan.machines.virtual);
  const machines = plan.machines.virtual.machines.map((machine) => {
    const rebuild = words[machine.name];
    return rebuild === undefined ? machine : { ...machine, vm: { ...machine.vm, rebuild } };
  });
  return { ...plan, machines: { ...plan.machines, virtual: { ...plan.machines.virtual, machines } } };
}

/** As the state says it, after the runs that ended well and those that did not. */
function stateOf(plan: SitePlan): ResourceOutputs {
  return Object.fromEntries(
    Object.entries(vmsToRemember(plan)).flatMap(
      ([name, { vmId, rebuild, proxmoxNode }]): [string, ResourceOutputs[string]][] => [
        [
          `urn:pulumi:site-a::isthmus::isthmus:proxmox:Machine::${name}`,
          { type: "isthmus:proxmox:Machine", outputs: { machineId: `${String(vmId)}/${rebuild}/BC:24:11:00:00:01` } },
        ],
        [
          `urn:pulumi:site-a::isthmus::isthmus:proxmox:Machine$proxmoxve:index/vmLegacy:VmLegacy::${name}-vm`,
          { type: "proxmoxve:index/vmLegacy:VmLegacy", outputs: { vmId, nodeName: proxmoxNode } },
        ],
      ],
    ),
  );
}

interface Case {
  readonly declared: SitePlan;
  /** As it was when a run ended well the last time. Default: outputs of a release that did not remember VMs. */
  readonly remembered?: SitePlan;
  readonly built: SitePlan;
  readonly more?: Partial<ReplacementsArgs>;
}

/** What it was refused with, and whom the servers were asked about. */
async function guarded({ declared, remembered, built, more }: Case) {
  const asked: AskedOfServers[] = [];
  let reads = 0;
  const own: StackRead = {
    outputs: { clusterAccess: access, ...(remembered === undefined ? {} : { vms: vmsToRemember(remembered) }) },
  };
  const refusal = await guardReplacements({
    plan: declared,
    own,
    readResources: () => {
      reads += 1;
      return Promise.resolve(stateOf(built));
    },
    isPreview: false,
    consented: [],
    ask: (about) => {
      asked.push(about);
      return Promise.resolve({ status: 0, stdout: "", stderr: "" });
    },
    ...more,
  }).then(
    () => "",
    (error: unknown) => {
      assert.ok(error instanceof UserError, String(error));
      return error.message;
    },
  );
  return { refusal, asked: asked.map(({ parameters }) => parameters["LEAVING"]), reads };
}

const two = { "k3s-a-server-1": "now", "k3s-a-server-3": "now" };
const one = { "k3s-a-server-1": "now" };

describe("VMs that a run would delete and make anew", () => {
  it("are none where nothing changed: then neither state nor servers are asked", async () => {
    const found = await guarded({ declared: siteA(), remembered: siteA(), built: siteA() });
    assert.deepEqual(found, { refusal: "", asked: [], reads: 0 });
    const old = await guarded({ declared: siteA(), built: siteA() });
    assert.deepEqual(old, { refusal: "", asked: [], reads: 1 });
  });

  for (const isPreview of [true, false]) {
    it(`are refused if there are two, each by its key, in ${isPreview ? "a preview" : "an `up`"}`, async () => {
      const declared = siteA(two);
      for (const remembered of [siteA(), undefined]) {
        const how = { declared, built: siteA(), more: { isPreview }, ...(remembered && { remembered }) };
        const { refusal, asked } = await guarded(how);
        assert.match(refusal, /would delete 2 VMs/);
        assert.match(refusal, /k3s-a-server-1: nodes\.k3s-a-server-1\.vm\.rebuild in Pulumi\.site-a\.yaml/);
        assert.match(refusal, /k3s-a-server-3: nodes\.k3s-a-server-3\.vm\.rebuild in Pulumi\.site-a\.yaml/);
        assert.match(refusal, /ISTHMUS_REPLACE=k3s-a-server-1,k3s-a-server-3 pulumi up/);
        assert.deepEqual(asked, []);
      }
    });
  }

  it("do not count when a run that was killed made them already: the state knows, the outputs do not", async () => {
    const found = await guarded({ declared: siteA(two), remembered: siteA(), built: siteA(one) });
    assert.deepEqual([found.refusal, found.asked], ["", ["k3s-a-server-3"]]);
  });

  it("are asked for at the servers that stay, before an `up`; a preview opens no session", async () => {
    const how = { declared: siteA(one), remembered: siteA(), built: siteA() };
    assert.deepEqual((await guarded(how)).asked, ["k3s-a-server-1"]);
    assert.deepEqual((await guarded({ ...how, more: { isPreview: true } })).asked, []);
  });

  it("stay where the servers refuse, or none of them can be asked", async () => {
    const how = { declared: siteA(one), remembered: siteA(), built: siteA() };
    const stderr = "because: no majority\n";
    const no = await guarded({ ...how, more: { ask: () => Promise.resolve({ status: 1, stdout: "", stderr }) } });
    assert.match(
      no.refusal,
      /the VM of k3s-a-server-1.*\n.*vm\.rebuild in Pulumi\.site-a\.yaml\n[^]*because: no majority/,
    );
    const away = await guarded({ ...how, more: { ask: () => Promise.reject(new Error("nobody answers")) } });
    assert.match(away.refusal, /nobody answers\n[^]*ISTHMUS_REPLACE=k3s-a-server-1 pulumi up. That gives up/);
  });

  it("go by consent for exactly those that it names", async () => {
    const how = { declared: siteA(two), remembered: siteA(), built: siteA() };
    const both = await guarded({ ...how, more: { consented: Object.keys(two) } });
    assert.deepEqual([both.refusal, both.asked], ["", []]);
    const half = await guarded({ ...how, more: { consented: ["k3s-a-server-1"] } });
    assert.match(half.refusal, /would delete 2 VMs/);
  });

  describe("while a run before was killed midway through another one", () => {
    /** As the engine leaves it between the deletion and the creation of a VM, with the VM in the state or, after `recover`, without. */
    const midway = (name: string, vm: "still there" | "gone"): ResourceOutputs =>
      Object.fromEntries(
        Object.entries(stateOf(siteA())).flatMap(([urn, resource]) => {
          if (urn.endsWith(`::${name}`)) return [[urn, { ...resource, outputs: {} }]];
          return urn.endsWith(`::${name}-vm`) && vm === "gone" ? [] : [[urn, resource]];
        }),
      );
    const midwayIn = async (how: Omit<Case, "built">, vm: "still there" | "gone") =>
      guarded({
        ...how,
        built: siteA(),
        more: { ...how.more, readResources: () => Promise.resolve(midway("k3s-a-server-1", vm)) },
      });

    for (const vm of ["still there", "gone"] as const) {
      for (const [kept, declared] of [
        ["kept", siteA(two)],
        ["taken back", siteA({ "k3s-a-server-3": "now" })],
      ] as const) {
        it(`are refused where the word for that one was ${kept} and its VM is ${vm} in the state`, async () => {
          const { refusal, asked } = await midwayIn({ declared, remembered: siteA() }, vm);
          assert.match(refusal, /A run before did not finish with k3s-a-server-1:/);
          assert.match(
            refusal,
            /would delete the VM of k3s-a-server-3 as well.*\n  k3s-a-server-3: nodes\.k3s-a-server-3\.vm\.rebuild in/,
          );
          assert.doesNotMatch(refusal, /nodes\.k3s-a-server-1/);
          assert.match(refusal, /ISTHMUS_REPLACE=k3s-a-server-3,k3s-a-server-1 pulumi up/);
          assert.deepEqual(asked, []);
        });
      }
    }

    it("are refused by the outputs of a release that remembered no VMs, too", async () => {
      assert.match((await midwayIn({ declared: siteA(two) }, "gone")).refusal, /did not finish with k3s-a-server-1/);
    });

    it("go on with that one: the servers are asked as long as the state has its VM", async () => {
      const how = { declared: siteA(one), remembered: siteA() };
      const there = await midwayIn(how, "still there");
      assert.deepEqual([there.refusal, there.asked], ["", ["k3s-a-server-1"]]);
      const gone = await midwayIn(how, "gone");
      assert.deepEqual([gone.refusal, gone.asked], ["", []]);
    });

    it("go by consent that names both", async () => {
      const how = { declared: siteA(two), remembered: siteA(), more: { consented: Object.keys(two) } };
      assert.equal((await midwayIn(how, "gone")).refusal, "");
      const half = { ...how, more: { consented: ["k3s-a-server-1"] } };
      assert.match((await midwayIn(half, "gone")).refusal, /would delete 2 VMs/);
    });

    it("are not held up by a machine that is new: nothing was lost with it", async () => {
      const others = Object.fromEntries(
        Object.entries(vmsToRemember(siteA())).filter(([name]) => name !== "k3s-a-server-1"),
      );
      const own: StackRead = { outputs: { clusterAccess: access, vms: others } };
      const found = await midwayIn({ declared: siteA({ "k3s-a-server-3": "now" }), more: { own } }, "gone");
      assert.deepEqual([found.refusal, found.asked], ["", ["k3s-a-server-3"]]);
    });
  });

  it("are known by the words in their machines' ids", () => {
    const rebuilt = standingIn(siteA(), stateOf(siteA(one)), undefined);
    assert.deepEqual([rebuilt.built.get("k3s-a-server-1")?.rebuild, rebuilt.begun], ["now", []]);
    assert.equal(rebuilt.built.get("k3s-a-server-2")?.rebuild, "");
    assert.deepEqual(standingIn(siteA(), {}, undefined), { vms: new Set(), built: new Map(), begun: [] });
  });
});
