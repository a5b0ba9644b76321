import assert from "node:assert/strict";
import { readHardware, readMachine, withRoles, type Machine } from "./machine.ts";

describe("machines of a new fleet", () => {
  it("are typed as name, address, role and what they are", () => {
    assert.deepEqual(readMachine("pi-1=192.168.1.11"), { name: "pi-1", address: "192.168.1.11", role: undefined });
    assert.deepEqual(readMachine("pi-1=192.168.1.11:agent:raspberry-pi-4-4gb"), {
      name: "pi-1",
      address: "192.168.1.11",
      role: "agent",
      hardware: { board: "raspberry-pi-4-4gb" },
    });
    assert.deepEqual(readHardware("amd64/12/64Gi"), { architecture: "amd64", cores: 12, memory: "64Gi" });
  });

  for (const [typed, said] of [
    ["pi-1", /NAME=ADDRESS/],
    ["=192.168.1.11", /NAME=ADDRESS/],
    ["pi-1=192.168.1", /"192\.168\.1" is no IPv4 address/],
    ["pi-1=192.168.1.256", /is no IPv4 address/],
    ["pi-1=192.168.1.011", /is no IPv4 address/],
    ["pi-1=192.168.1.11:master", /"master" is no role: it is server or agent/],
    ["pi-1=192.168.1.11:agent:toaster", /A machine is amd64\/4\/8Gi .*, or one of: raspberry-pi-4-2gb/],
    ["pi-1=192.168.1.11:agent:amd64/0/8Gi", /A machine is/],
  ] as const) {
    it(`are refused with what would be right: ${typed}`, () => {
      assert.throws(() => readMachine(typed), said);
    });
  }

  const roles = (...given: readonly Machine["role"][]): readonly string[] =>
    withRoles(given.map((role, index) => ({ name: `m${String(index)}`, address: "10.0.0.1", role }))).map(
      (machine) => machine.role,
    );

  it("are servers as far as etcd needs them, where nobody gave a role", () => {
    assert.deepEqual(roles(undefined), ["server"]);
    assert.deepEqual(roles(undefined, undefined), ["server", "agent"]);
    assert.deepEqual(roles(undefined, undefined, undefined, undefined), ["server", "server", "server", "agent"]);
  });

  it("are agents where a server was named, and servers where only agents were", () => {
    assert.deepEqual(roles(undefined, "server", undefined, undefined), ["agent", "server", "agent", "agent"]);
    assert.deepEqual(roles("agent", undefined), ["agent", "server"]);
    assert.deepEqual(roles("agent", undefined, undefined), ["agent", "server", "agent"]);
    assert.deepEqual(roles("agent"), ["agent"]);
  });
});
