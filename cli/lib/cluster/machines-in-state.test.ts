import assert from "node:assert/strict";
import { machineLabel } from "@isthmus/k3s";
import { parseCheckpoint } from "../pulumi/checkpoint.ts";
import { withMachinesInState } from "./machines-in-state.ts";

const access = {
  servers: ["server-1"],
  hosts: {
    s1: { name: "s1", host: "10.0.0.1", port: 22, user: "root", privateKey: "P", hostKey: "ssh-ed25519 OLD" },
    s2: { name: "s2", host: "10.0.0.2", port: 22, user: "root", privateKey: "P", hostKey: "ssh-ed25519 TWO" },
  },
  machines: { s1: "old", s2: "two" },
  secrets: {},
};
const connection = {
  host: "10.0.0.9",
  port: 22,
  user: "root",
  privateKey: "P",
  hostKey: "ssh-ed25519 NEW",
  dialErrorLimit: 12,
};
const marked = (value: unknown) => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  plaintext: JSON.stringify(value),
});

function stateWith(changes: object) {
  const preflight = {
    urn: "urn:pulumi:site-a::isthmus::command:remote:Command::site-a-k3s-preflight-s1",
    type: "command:remote:Command",
    inputs: { connection: marked(connection), triggers: ["vm-9"] },
    ...changes,
  };
  return parseCheckpoint(
    JSON.stringify({ version: 3, deployment: { manifest: { time: "" }, resources: [preflight] } }),
    "a test",
  );
}

describe("machines in a state", () => {
  it("win over those of outputs that a failed run left as they were", () => {
    const found = withMachinesInState(access, stateWith({}));
    assert.deepEqual(found.hosts["s1"], { ...access.hosts.s1, host: "10.0.0.9", hostKey: "ssh-ed25519 NEW" });
    assert.equal(found.machines["s1"], machineLabel("vm-9"));
    assert.deepEqual(found.hosts["s2"], access.hosts.s2);
    assert.equal(found.machines["s2"], "two");
  });

  it("are read as releases before keep-alives wrote them, too", () => {
    const inputs = {
      stdin: marked(`${JSON.stringify([{ name: "s1", ...connection }])}\nscript\n`),
      triggers: ["vm-9"],
    };
    const found = withMachinesInState(access, stateWith({ type: "command:local:Command", inputs }));
    assert.deepEqual(found, withMachinesInState(access, stateWith({})));
    assert.equal(found.hosts["s1"]?.host, "10.0.0.9");
  });

  for (const [what, changes] of [
    ["is about to be deleted", { delete: true }],
    ["is another resource", { type: "command:remote:CopyToRemote" }],
    ["names no host", { type: "command:local:Command", inputs: { stdin: "[]\n", triggers: ["vm-9"] } }],
    ["cannot be read", { inputs: {} }],
  ] as const) {
    it(`leave the outputs' where the state's ${what}`, () => {
      assert.deepEqual(withMachinesInState(access, stateWith(changes)), access);
    });
  }
});
