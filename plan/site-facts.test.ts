import assert from "node:assert/strict";
import { sampleModel } from "../config/testing.ts";
import { catalogue } from "./catalogue.ts";
import { siteFacts } from "./site-facts.ts";

const factsOf = (fixture: string, place = 0) => {
  const model = sampleModel(fixture, catalogue);
  return siteFacts(model.sites[place]!, model);
};

describe("facts of a site", () => {
  it("take a machine for its own physical host", () => {
    const node = factsOf("three-raspberry-pis").topology.nodes[1]!;
    assert.deepEqual(node, {
      name: "pi-2",
      site: "home",
      role: "agent",
      address: "10.0.20.12",
      overlayAddress: undefined,
      host: "pi-2",
      architecture: "arm64",
      cpu: "4",
      memory: "8Gi",
      sizesFrom: "Pulumi.home.yaml#/nodes/pi-2/machine",
      labels: {
        "kubernetes.io/hostname": "pi-2",
        "topology.kubernetes.io/zone": "pi-2",
        "topology.kubernetes.io/region": "home",
        "kubernetes.io/arch": "arm64",
      },
      taints: [],
      disks: [],
      from: "Pulumi.home.yaml#/nodes/pi-2",
    });
  });

  it("let servers carry the pods where there is nobody else, with labels as texts, taints as kubectl writes them and a pool of one address", () => {
    const { topology, pools } = factsOf("three-servers");
    const effect = "PreferNoSchedule";
    assert.deepEqual(
      topology.nodes.map(({ taints }) => taints),
      [
        [],
        [
          { key: "slow", effect },
          { key: "radio", value: "zigbee", effect },
          { key: "drives", value: "2", effect },
        ],
        [],
      ],
    );
    const { zigbee, drives } = topology.nodes[1]?.labels ?? {};
    assert.deepEqual([zigbee, drives], ["true", "2"]);
    assert.deepEqual([pools["private"]?.first, pools["private"]?.last], ["10.0.20.200", "10.0.20.200"]);
    const [server] = factsOf("three-raspberry-pis").topology.nodes;
    assert.deepEqual(
      server?.taints.map(({ key }) => key),
      ["node-role.kubernetes.io/control-plane"],
    );
  });

  it("place a VM on its hypervisor, with what the VM has", () => {
    const { hosts, nodes } = factsOf("vms-on-proxmox").topology;
    assert.deepEqual(hosts, ["pve-1", "pve-2"]);
    assert.deepEqual(
      nodes.map(({ host, cpu, memory, architecture }) => `${host} ${cpu} ${memory} ${architecture}`),
      ["pve-1 4 4Gi amd64", "pve-1 4 4Gi amd64", "pve-2 4 4Gi amd64"],
    );
  });

  it("keep pods off servers, unless the site lets them on", () => {
    const taintsOf = (fixture: string) => factsOf(fixture).topology.nodes[0]!.taints.map(({ key }) => key);
    assert.deepEqual(taintsOf("three-raspberry-pis"), ["node-role.kubernetes.io/control-plane"]);
    assert.deepEqual(taintsOf("one-machine"), []);
  });

  it("keep the labels and taints that a person chose", () => {
    const node = factsOf("five-servers-and-labels").topology.nodes.find(({ role }) => role === "agent")!;
    assert.equal(node.labels["storage"], "true");
    assert.equal(node.labels["example.com/tier"], "fast");
    assert.deepEqual(node.taints, [{ key: "app-type", value: "db", effect: "PreferNoSchedule" }]);
  });

  it("know pools by their ends, and the other sites by their zones", () => {
    const facts = factsOf("two-sites");
    assert.deepEqual(facts.pools, {
      private: { name: "private", first: "10.0.20.200", last: "10.0.20.209", from: "Pulumi.home.yaml#/pools/private" },
    });
    assert.equal(facts.domain, "home.home.arpa");
    assert.deepEqual(facts.peers, [{ name: "cabin", domain: "cabin.home.arpa" }]);
    assert.deepEqual(factsOf("two-sites", 1).peers, [{ name: "home", domain: "home.home.arpa" }]);
  });
});
