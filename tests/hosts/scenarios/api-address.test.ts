/** The API's own address, held by kube-vip from the manifest that lies there before the first server starts. */
import assert from "node:assert/strict";

import { until, type Host } from "../../kits/lab/hosts.ts";
import { aServer, assertConverged, nodes, type Node } from "../../kits/site/cluster-state.ts";
import { full, requireScenarios } from "../../kits/site/requirements.ts";
import { TestSite } from "../../kits/site/test-site.ts";

describe("an API address that kube-vip holds", function () {
  this.timeout(240_000);
  let site: TestSite;
  let address: string;

  before(async function () {
    requireScenarios(this);
    site = await TestSite.create({ nodes: ["server-1", "server-2", "server-3", "agent-1"], spare: ["agent-2"] });
    address = site.lab.network.address(200);
    site.set({ api: { kind: "kube-vip", address } });
  });
  after(async () => {
    await (site as TestSite | undefined)?.destroy();
  });

  it("is there when agents join, and they join by it", async () => {
    await site.goesUp();
    await assertConverged(site);
    assert.equal((await holders(site, address)).length, 1);
    assert.equal(await joinedAt(site.host("agent-1")), `https://${address}:6443`);
  });

  it("is in the certificate of every server, from the start", async () => {
    for (const name of ["server-1", "server-2", "server-3"]) {
      const shown = await site
        .host(name)
        .ok(
          `openssl s_client -connect ${site.host(name).address}:6443 </dev/null 2>/dev/null | openssl x509 -noout -ext subjectAltName`,
        );
      assert.match(shown, new RegExp(`IP Address:${address.replaceAll(".", "\\.")}(,|\\n)`), name);
    }
  });

  it("moves when the server dies that has it, and a new agent joins by it", async () => {
    const [holder] = await holders(site, address);
    assert.ok(holder);
    await site.host(holder).powerOff();
    await until(
      "another server has it",
      async () => (await site.host("agent-1").run(`curl -sk -m 1 https://${address}:6443/ping`)).stdout === "pong",
      { timeoutMs: 40_000, everyMs: 500 },
    );
    assert.notEqual((await holders(site, address))[0], holder);
    site.add("agent-2");
    await site.goesUp();
    assert.equal(await joinedAt(site.host("agent-2")), `https://${address}:6443`);
    await site.host(holder).powerOn();
    await until(`${holder} is back`, async () => isReady(await nodeAsOthersSee(site, holder)), {
      timeoutMs: 60_000,
      everyMs: 1_000,
    });
    await assertConverged(site);
    assert.equal((await holders(site, address)).length, 1, "the one that came back does not take it away");
  });

  // By default the look at a host shows it, in preflight.test.ts.
  if (full) {
    it("is not taken for another machine's when a server is installed anew", async () => {
      const [holder] = await holders(site, address);
      const other = ["server-1", "server-2", "server-3"].find((name) => name !== holder) ?? "";
      await site.replace(other);
      await site.goesUp();
      await assertConverged(site);
    });
  }
});

/** A server that was off answers for itself only some time later. */
async function nodeAsOthersSee(site: TestSite, name: string): Promise<Node | undefined> {
  return (await nodes(aServer(site, name))).find(({ metadata }) => metadata.name === name);
}

function isReady(node: Node | undefined): boolean {
  return ["Ready", "EtcdIsVoter"].every(
    (type) => node?.status.conditions?.find((one) => one.type === type)?.status === "True",
  );
}

/** The servers on which the address is. */
async function holders(site: TestSite, address: string): Promise<readonly string[]> {
  const servers = site.lab.hosts.filter((host) => host.name.startsWith("server") && host.running);
  const found = await Promise.all(
    servers.map(async (host) =>
      (await host.ok("ip -o addr show dev eth0")).includes(` ${address}/32 `) ? [host.name] : [],
    ),
  );
  return found.flat();
}

async function joinedAt(host: Host): Promise<string> {
  const text = await host.ok("cat /etc/rancher/k3s/config.yaml.d/10-join.yaml");
  return text.replace("server: ", "").trim();
}
