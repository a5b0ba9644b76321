import assert from "node:assert/strict";
import { UsageError } from "../exit.ts";
import { readInventory } from "./inventory.ts";

const short = (text: string): readonly string[] =>
  readInventory(text, "hosts").map(({ name, address, role, user }) => [name, address, role, user].join(" ").trim());

describe("an Ansible inventory", () => {
  // The layout of https://github.com/k3s-io/k3s-ansible/blob/master/inventory-sample.yml
  it("in YAML gives its hosts with roles by their groups, and variables by the nearest group", () => {
    const text = `
k3s_cluster:
  children:
    server:
      hosts:
        pi-1: { ansible_host: 192.168.1.11 }
        192.168.1.12:
    agent:
      hosts:
        Pi_3.lan: { ansible_host: 192.168.1.13, ansible_user: admin }
  vars:
    ansible_port: 22
    ansible_user: debian
nas:
  hosts:
    store: { ansible_host: 192.168.1.99 }
`;
    assert.deepEqual(short(text), [
      "pi-1 192.168.1.11 server debian",
      "node-12 192.168.1.12 server debian",
      "pi-3 192.168.1.13 agent admin",
    ]);
  });

  it("in INI gives the same", () => {
    const text = `
# ours
pi-9 ansible_host=192.168.1.19
[master]
pi-1 ansible_host=192.168.1.11   ; the first
192.168.1.12
[node]
pi-3 ansible_host="192.168.1.13" ansible_user=admin
[k3s_cluster:children]
master
node
[k3s_cluster:vars]
ansible_user = debian
`;
    assert.deepEqual(short(text), [
      "pi-1 192.168.1.11 server debian",
      "node-12 192.168.1.12 server debian",
      "pi-3 192.168.1.13 agent admin",
    ]);
  });

  it("of other groups gives all of its hosts, without roles", () => {
    assert.deepEqual(short("all:\n  hosts:\n    a: { ansible_host: 10.0.0.1 }\n    b: { ansible_host: 10.0.0.2 }\n"), [
      "a 10.0.0.1",
      "b 10.0.0.2",
    ]);
  });

  for (const [what, text, said] of [
    ["no host", "all: {}\n", /names no host/],
    ["no YAML", "a: [\n", /is no YAML/],
    ["a list", "- a\n", /is no Ansible inventory/],
    [
      "no address",
      "[server]\npi-1\n",
      /pi-1 has no IPv4 address: give it ansible_host, or name it with --node pi-1=ADDRESS/,
    ],
    ["a range", "[server]\npi-[1:3] ansible_host=10.0.0.1\n", /"pi-\[1:3\]" is a range: write each host/],
  ] as const) {
    it(`is refused with ${what}`, () => {
      assert.throws(
        () => readInventory(text, "hosts"),
        (error) => error instanceof UsageError && said.test(error.message),
      );
    });
  }
});
