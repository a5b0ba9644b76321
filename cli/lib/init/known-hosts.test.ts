import assert from "node:assert/strict";
import { knownKey } from "./known-hosts.ts";

const [ours, other, ecdsa] = [
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFOVJtx5noboPwuxEGJsK+2DplvDXJqhiSzu7I5SxM3z",
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPWPyvKnFZVGXaaM5Y0+TYqLfr6IpTbiDENmR63PTGRj",
  "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAAAA",
];

/** As `ssh-keygen -H` of OpenSSH 9.2 writes 192.168.1.11. */
const hashed = "|1|jZXOq057ebn1v7zNT0UfSJw9ByU=|VuvwbmFS0hIgEamv0kHXgJ7DQjE=";

describe("a file of known hosts", () => {
  it("has the key of a machine by its address or its name", () => {
    const file = `# mine\n10.0.0.9 ${other}\npi-1,192.168.1.11 ${ours} me@home\n`;
    assert.equal(knownKey(file, ["192.168.1.11"]), ours);
    assert.equal(knownKey(file, ["10.0.0.1", "pi-1"]), ours);
    assert.equal(knownKey(file, ["192.168.1.1"]), undefined);
    assert.equal(knownKey("", ["pi-1"]), undefined);
  });

  it("has it also where names are hashed", () => {
    assert.equal(knownKey(`${hashed} ${ours}\n`, ["192.168.1.11"]), ours);
    assert.equal(knownKey(`${hashed} ${ours}\n`, ["192.168.1.12"]), undefined);
  });

  it("gives an Ed25519 key before another, and none that is revoked, of an authority, RSA or torn", () => {
    assert.equal(knownKey(`pi-1 ${ecdsa}\npi-1 ${ours}\n`, ["pi-1"]), ours);
    assert.equal(knownKey(`pi-1 ${ecdsa}\n`, ["pi-1"]), ecdsa);
    for (const line of [
      `@revoked pi-1 ${ours}`,
      `@cert-authority pi-1 ${ours}`,
      "pi-1 ssh-rsa AAAAB3NzaC1yc2EAAAAA",
      "pi-1",
    ])
      assert.equal(knownKey(line, ["pi-1"]), undefined, line);
  });
});
