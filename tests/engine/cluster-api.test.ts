/** What `recover` asks a cluster and changes in it, without an engine: its own code on one side, the simulated world on the other. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ClusterApi } from "../../cli/lib/destroy/cluster-api.ts";
import type { Checkpoint, StateResource } from "../../cli/lib/pulumi/checkpoint.ts";
import {
  forgetRevisions,
  lookAt,
  releasesToRead,
  takeFieldsOver,
  type LeftInCluster,
} from "../../cli/lib/recover/cluster.ts";
import { SimulatedApi } from "./cluster-api.ts";
import { CallLog } from "../kits/providers/call-log.ts";
import { loadExecutor } from "../kits/providers/executor.ts";
import { Faults } from "../kits/providers/faults.ts";
import { rules } from "../kits/providers/rules/kubernetes.ts";
import { Service } from "../kits/providers/service.ts";
import { Store } from "../kits/providers/store.ts";
import { revealAll, type Properties } from "../kits/providers/values.ts";

const release = "kubernetes:helm.sh/v3:Release";

describe("a cluster in which a run died", () => {
  let folder: string;
  let store: Store;
  let simulated: SimulatedApi;
  let service: Service;
  let state: Checkpoint;

  const make = async (type: string, inputs: Properties): Promise<StateResource> => {
    const target = { type, name: "x", urn: `urn:pulumi:site-a::isthmus::${type}::x` };
    const checked = service.check(target, {}, inputs).inputs;
    const { id, outputs } = await service.create(target, checked);
    return { type, urn: target.urn, id, inputs: revealAll(checked), outputs };
  };
  /** Half of an upgrade: Helm's pending revision is written, and the run dies. */
  const breakUpgrade = (status = "pending-upgrade"): void => {
    const [thing] = store.list().filter(({ key }) => key[2] === "Release");
    assert.ok(thing);
    const inputs = thing.state["inputs"] as Properties;
    const revisions = [
      { revision: 2, status, inputs: { ...inputs, values: { half: true } } },
      { revision: 1, status: "deployed", inputs },
    ];
    store.put({ ...thing, state: { ...thing.state, revisions } });
  };
  const look = async (): Promise<LeftInCluster & { readonly api: ClusterApi }> => {
    const looked = await lookAt(new ClusterApi(simulated.kubeconfig), state);
    assert.ok("api" in looked, JSON.stringify(looked));
    return { ...looked.left, api: looked.api };
  };
  const managers = (kind: string): readonly string[] =>
    Object.keys(store.list().find(({ key }) => key[2] === kind)?.state["managers"] ?? {});

  before(async function () {
    if (spawnSync("openssl", ["version"]).status !== 0) {
      console.warn("skipped: there is no `openssl` to make certificates with");
      this.skip();
    }
    simulated = await SimulatedApi.start();
  });
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "isthmus-cluster-"));
    store = new Store(folder);
    simulated.serves(store);
    const world = { store, executor: loadExecutor(undefined, undefined), log: new CallLog(folder) };
    service = new Service({ package: "kubernetes", rules, faults: new Faults(undefined, folder), world });
    service.configure({ kubeconfig: simulated.kubeconfig, upsertExistingObjects: true });
    const resources = [
      await make("kubernetes:core/v1:Namespace", { metadata: { name: "apps" } }),
      await make("kubernetes:core/v1:Secret", {
        metadata: { name: "login", namespace: "apps" },
        stringData: { token: "one" },
      }),
      await make(release, { name: "shop", namespace: "apps", chart: "./shop", values: {} }),
    ];
    state = { version: 3, deployment: { manifest: { time: "2026-11-28T09:00:00Z" }, resources } };
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  after(() => {
    simulated.stop();
  });

  it("is in order where every release is done and every object's writer is known", async () => {
    const { unfinished, held } = await look();
    assert.deepEqual([unfinished, held], [[], []]);
  });

  for (const status of ["pending-upgrade", "pending-rollback"])
    it(`loses the one revision that is ${status}, and Helm goes on from the one before`, async () => {
      breakUpgrade(status);
      const [, , shop] = state.deployment.resources ?? [];
      const existing = { type: release, name: "x", urn: shop?.urn ?? "", id: "apps/shop" };
      const wanted = { ...(shop?.inputs as Properties), values: { new: true } };
      await assert.rejects(service.update(existing, wanted, { inputs: {}, state: {} }), /another operation/);
      const { api, unfinished } = await look();
      await forgetRevisions(api, unfinished);
      assert.deepEqual(releasesToRead(state, unfinished), [shop?.urn]);
      const outputs = await service.update(existing, wanted, { inputs: {}, state: {} });
      assert.equal((outputs["status"] as Properties)["revision"], 2);
      assert.deepEqual(simulated.asked.filter((one) => one.startsWith("DELETE")).slice(-1), [
        "DELETE /api/v1/namespaces/apps/secrets/sh.helm.release.v1.shop.v2",
      ]);
    });

  it("has the release read anew where a refresh took the half-made revision for what is there", () => {
    const [namespace, , shop] = state.deployment.resources ?? [];
    assert.ok(namespace && shop);
    const half = { ...shop, outputs: { status: { status: "pending-upgrade" } } };
    const refreshed = { ...state, deployment: { ...state.deployment, resources: [namespace, half] } };
    assert.deepEqual(releasesToRead(refreshed, []), [shop.urn]);
    assert.deepEqual(releasesToRead(state, []), []);
  });

  it("keeps the releases that the stack does not know, whatever their status", async () => {
    breakUpgrade();
    const resources = (state.deployment.resources ?? []).slice(0, 2);
    state = { ...state, deployment: { ...state.deployment, resources } };
    assert.deepEqual((await look()).unfinished, []);
  });

  it("hands the fields of what was taken up to the one writer: then it can be changed", async () => {
    const [namespace, secret] = state.deployment.resources ?? [];
    assert.ok(namespace && secret);
    // As the state is after it was taken up: the provider has made up a further name.
    const taken = { ...secret, outputs: { __fieldManager: "pulumi-kubernetes-ffffffff" } };
    state = { ...state, deployment: { ...state.deployment, resources: [namespace, taken] } };
    const annotations = { "pulumi.com/patchFieldManager": "isthmus" };
    const inputs = secret.inputs as Properties;
    const changed = {
      ...inputs,
      metadata: { ...(inputs["metadata"] as Properties), annotations },
      stringData: { token: "two" },
    };
    const change = async (): Promise<unknown> =>
      service.update({ type: secret.type, name: "x", urn: secret.urn, id: "apps/login" }, changed, {
        inputs: {},
        state: {},
      });
    await assert.rejects(change(), /conflict with "pulumi-kubernetes-[0-9a-f]{8}"/);
    const { api, held } = await look();
    assert.deepEqual(
      held.map(({ name, path }) => [name, path]),
      [["Secret apps/login", "/api/v1/namespaces/apps/secrets/login"]],
    );
    await takeFieldsOver(api, held);
    assert.deepEqual(managers("core.Secret"), ["isthmus"]);
    await change();
    assert.deepEqual((await look()).held, [], "nothing is left to be done");
  });

  it("is said not to answer where it does not", async () => {
    const elsewhere = simulated.kubeconfig.replace(simulated.url, "https://127.0.0.1:9");
    const looked = await lookAt(new ClusterApi(elsewhere), state);
    assert.match("unknown" in looked ? (looked.unknown ?? "") : "", /127\.0\.0\.1:9 does not answer \(.*ECONNREFUSED/);
  });
});
