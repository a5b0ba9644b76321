/** The simulated cluster: server-side apply, and releases in steps. */
import assert from "node:assert/strict";

import type { Service } from "./service.ts";
import { type Properties } from "./values.ts";
import { cluster, emptyWorlds, make, RELEASE, release, store, target } from "./rules-under-test.ts";

describe("a simulated cluster", () => {
  emptyWorlds();

  describe("writes by server-side apply, and so", () => {
    const type = "kubernetes:core/v1:Secret";
    const inputs = (token: string, annotations?: Properties): Properties => ({
      metadata: { name: "s", ...(annotations === undefined ? {} : { annotations }) },
      stringData: { token },
    });
    const ours = { "pulumi.com/patchFieldManager": "isthmus" };
    const upserting = { upsertExistingObjects: true };
    const update = async (service: Service, after: Properties, state: Properties): Promise<Properties> =>
      service.update({ ...target(type), id: "default/s" }, after, { inputs: {}, state });

    it("refuses a value that another writer holds, of which the state does not know", async () => {
      await make(await cluster(upserting), type, inputs("one"));
      await make(await cluster(upserting), type, inputs("one"));
      await assert.rejects(
        make(await cluster(upserting), type, inputs("two")),
        /Apply failed with 2 conflicts: conflict with "pulumi-kubernetes-[0-9a-f]{8}": \.stringData\.token/,
      );
      await make(await cluster({ ...upserting, enablePatchForce: true }), type, inputs("two"));
    });

    it("invents a writer at an import: what was taken up cannot be changed", async () => {
      const service = await cluster();
      await make(service, type, inputs("one"));
      const taken = await service.read({ ...target(type), id: "default/s" }, {}, inputs("one"));
      await assert.rejects(update(service, inputs("two"), taken?.outputs ?? {}), /conflict with/);
    });

    it("goes on under the name that the state or the annotation has", async () => {
      const service = await cluster();
      const made = await make(service, type, inputs("one"));
      await update(service, inputs("two"), made.outputs);
      const named = await make(await cluster({ ...upserting, enablePatchForce: true }), type, inputs("three", ours));
      assert.equal(named.outputs["__fieldManager"], "isthmus");
      await update(service, inputs("four", ours), {});
    });

    it("drops the writer of the state where it is another one by now, and with it what nobody wants any more", async () => {
      const made = await make(await cluster(), type, { ...inputs("one"), immutable: false });
      await update(await cluster({ enablePatchForce: true }), inputs("two", ours), made.outputs);
      const [thing] = store.list();
      assert.deepEqual(Object.keys(thing?.state["managers"] ?? {}), ["isthmus"]);
      assert.equal((thing?.state["inputs"] as Properties)["immutable"], undefined);
    });
  });

  describe("does a release in steps, and", () => {
    const started = async (status: string): Promise<Service> => {
      const service = await cluster();
      await make(service, RELEASE, release("metallb"));
      const [thing] = store.list();
      assert.ok(thing);
      const last = {
        revision: 2,
        status,
        inputs: { ...(thing.state["inputs"] as Properties), values: { half: true } },
      };
      const revisions = [last, { revision: 1, status: "deployed", inputs: thing.state["inputs"] ?? {} }];
      store.put({ ...thing, state: { ...thing.state, revisions } });
      return service;
    };
    const existing = { ...target(RELEASE), id: "default/metallb" };
    const values = { ...release("metallb"), namespace: "default" };

    it("refuses an upgrade while the newest revision is pending, and an install while there is any", async () => {
      for (const status of ["pending-install", "pending-upgrade", "pending-rollback"]) {
        store.list().forEach(({ key }) => store.remove(key));
        const service = await started(status);
        await assert.rejects(
          service.update(existing, values, { inputs: {}, state: {} }),
          /another operation \(install\/upgrade\/rollback\) is in progress/,
        );
        await assert.rejects(make(service, RELEASE, values), /cannot re-use a name that is still in use/);
      }
    });

    it("upgrades from a failed one", async () => {
      const service = await started("failed");
      const outputs = await service.update(existing, values, { inputs: {}, state: {} });
      assert.equal((outputs["status"] as Properties)["revision"], 3);
    });

    it("takes the half-made revision for what is there, in a refresh", async () => {
      const found = await (await started("pending-upgrade")).read(existing, values, values);
      assert.deepEqual(found?.inputs["values"], { half: true });
      assert.equal((found.outputs["status"] as Properties)["status"], "pending-upgrade");
    });
  });
});
