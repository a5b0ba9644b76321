/** What the stand-in has beyond the contract suite: manifests, evictions, what it reads at its start. */
import assert from "node:assert/strict";

import { TestCluster } from "../../hosts/contract/cluster.ts";
import { requireHosts, until } from "../lab/hosts.ts";
import { standIn } from "./k3s.ts";

describe("the stand-in for k3s", function () {
  this.timeout(180_000);
  let cluster: TestCluster;
  before(async function () {
    requireHosts(this);
    cluster = await TestCluster.create(await standIn(), ["s1"]);
    await cluster.join("s1", "server", { "cluster-init": true });
  });
  after(async () => {
    await (cluster as TestCluster | undefined)?.lab.destroy();
  });

  it("is one file, the same for the same version, another for another", async () => {
    const [one, same, other] = [
      await standIn("v1.33.5+k3s1"),
      await standIn("v1.33.5+k3s1"),
      await standIn("v1.34.1+k3s1"),
    ];
    assert.equal(one.binarySha256, same.binarySha256);
    assert.notEqual(one.binarySha256, other.binarySha256);
  });

  it("applies manifests, keeps them as they are, and refuses kinds that nobody defined", async () => {
    const s1 = cluster.host("s1");
    const map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kept, namespace: kube-system}\ndata: {a: one}\n";
    await s1.put("/var/lib/rancher/k3s/server/manifests/kept.yaml", map);
    await until(
      "the object",
      async () => (await cluster.kubectl("-n kube-system get cm kept -o 'jsonpath={.data.a}'")).stdout === "one",
    );
    await s1.put("/root/other.yaml", map.replace("one", "two"));
    assert.equal((await cluster.kubectl("apply -f /root/other.yaml")).code, 0);
    assert.equal((await cluster.kubectl("-n kube-system get cm kept -o 'jsonpath={.data.a}'")).stdout, "two");
    await s1.put("/root/odd.yaml", "apiVersion: example.org/v1\nkind: Odd\nmetadata: {name: odd}\n");
    assert.match(
      (await cluster.kubectl("apply -f /root/odd.yaml")).stderr,
      /no matches for kind "Odd"|could not find the requested resource/,
    );
  });

  it("drains what may go, and nothing that a disruption budget holds", async () => {
    const pod = (name: string): string =>
      `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, labels: {app: ${name}}}\nspec: {nodeName: s1, containers: [{name: c, image: i}]}\n`;
    const budget =
      "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: held}\nspec: {minAvailable: 1, selector: {matchLabels: {app: held}}}\n";
    await cluster.host("s1").put("/root/pods.yaml", [pod("free"), pod("held"), budget].join("---\n"));
    assert.equal((await cluster.kubectl("apply -f /root/pods.yaml")).code, 0);
    const drained = await cluster.kubectl("drain s1 --force --ignore-daemonsets --timeout=6s");
    assert.notEqual(drained.code, 0);
    assert.match(drained.stderr, /violate the pod's disruption budget/);
    assert.equal((await cluster.kubectl("get pods -o name")).stdout, "pod/held\n");
    assert.equal((await cluster.kubectl("delete pdb held")).code, 0);
    assert.equal((await cluster.kubectl("drain s1 --force --ignore-daemonsets --timeout=20s")).code, 0);
    assert.equal((await cluster.kubectl("uncordon s1")).code, 0);
  });

  it("waits where registries.yaml has a value of another type, and passes over a key that it does not know", async () => {
    const s1 = cluster.host("s1");
    const file = "/etc/rancher/k3s/registries.yaml";
    await s1.put(file, 'mirrors: {docker.io: {endpoint: "https://r.example"}}\n', 0o600);
    await s1.ok("systemctl restart --no-block k3s");
    await cluster.said(
      "s1",
      "server",
      /not ready: yaml: unmarshal errors: mirrors\.docker\.io\.endpoint: cannot unmarshal/,
    );
    await s1.put(file, 'mirrors: {"*": , docker.io: {endpoint: ["https://r.example"], endpoints: 1}}\n', 0o600);
    await cluster.joined("s1", "server");
    await s1.ok(`rm ${file}`);
  });

  it("ends where kernel settings or files of the API server are not as it was told", async () => {
    const s1 = cluster.host("s1");
    const more = "/etc/rancher/k3s/config.yaml.d/50-profile.yaml";
    await s1.put(more, "kube-apiserver-arg: [audit-policy-file=/nowhere.yaml]\n");
    await s1.run("systemctl restart --no-block k3s");
    await cluster.said("s1", "server", /level=fatal.*audit-policy-file: unable to read \/nowhere\.yaml/);
    await s1.ok("sysctl -q -w vm.overcommit_memory=0 kernel.panic=10 kernel.panic_on_oops=1 vm.panic_on_oom=0");
    await s1.put(more, "protect-kernel-defaults: true\n");
    await cluster.said(
      "s1",
      "server",
      /level=fatal.*invalid kernel flag: vm\/overcommit_memory, expected value: 1, actual value: 0/,
    );
    await s1.ok("sysctl -q -w vm.overcommit_memory=1");
    await cluster.joined("s1", "server");
    await s1.ok(`rm ${more}`);
  });
});
