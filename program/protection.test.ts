import assert from "node:assert/strict";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks.js";
import { disconnect, setMockOptions } from "@pulumi/pulumi/runtime/settings.js";
import { load } from "../config/load.ts";
import { catalogue } from "../plan/catalogue.ts";
import { planFleet } from "../plan/fleet.ts";
import { buildSite } from "./site.ts";

interface Request {
  getName(): string;
  getProtect(): boolean;
  getDependenciesList(): string[];
}

/** Keeps what the engine is told beside a resource's properties. */
class Listener extends MockMonitor {
  readonly protected: string[] = [];
  readonly dependencies = new Map<string, string>();

  override async registerResource(request: Request, respond: never): Promise<void> {
    if (request.getProtect()) this.protected.push(request.getName());
    this.dependencies.set(request.getName(), request.getDependenciesList().join(" "));
    return super.registerResource(request, respond);
  }
}

describe("a site of the default stacks", function () {
  this.timeout(60_000);
  const listener = new Listener({
    newResource: ({ name, inputs }) => ({ id: `${name}-id`, state: inputs as object }),
    call: ({ token }) => {
      throw new Error(`unexpected call of ${token}`);
    },
  });

  before(async () => {
    const loaded = load(join(import.meta.dirname, ".."), catalogue);
    assert.ok("model" in loaded);
    const [plan] = planFleet(loaded.model).sites;
    assert.ok(plan);
    setMockOptions(listener, "isthmus", plan.facts.name, true, "organization");
    buildSite({ plan, secret: (name) => pulumi.secret(name), peers: [], chartMirror: undefined });
    await disconnect();
  });

  it("protects what holds data and the provider that all of it hangs on, and nothing else", () => {
    const machines = ["agent-1", "agent-2", "agent-3", "server-1", "server-2", "server-3"];
    assert.deepEqual(listener.protected.sort(), [
      "cloudnative-pg-cluster-main",
      "cloudnative-pg-namespace",
      ...machines.map((machine) => `k3s-a-${machine}-vm`),
      "minio-namespace",
      "monitoring-namespace",
      "site-a-k3s-server-token",
      "site-a-kubernetes",
      "vault-namespace",
    ]);
  });

  it("puts nothing on the cluster before its last agent joined", () => {
    for (const [name, dependencies] of listener.dependencies) {
      if (name.endsWith("-namespace")) assert.match(dependencies, /::site-a-k3s-membership/, name);
    }
    assert.match(listener.dependencies.get("site-a-k3s-membership") ?? "", /::site-a-k3s-k3s-a-agent-3/);
  });
});
