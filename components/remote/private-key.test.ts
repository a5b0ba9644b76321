import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import ssh2 from "ssh2";
import { privateKeyTrouble } from "./private-key.ts";

const { private: open, public: half } = ssh2.utils.generateKeyPairSync("ed25519");
const closed = ssh2.utils.generateKeyPairSync("ed25519", { passphrase: "x", cipher: "aes256-ctr", rounds: 1 }).private;
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const pem = rsa.export({ type: "pkcs1", format: "pem" }) as string;
const closedPem = rsa.export({ type: "pkcs1", format: "pem", cipher: "aes-256-cbc", passphrase: "x" }) as string;

describe("a private key for SSH", () => {
  it("is taken where ssh2 takes it", () => {
    for (const text of [open, pem, `\n${open}\n`]) assert.equal(privateKeyTrouble(text), undefined);
    for (const text of [open, pem]) assert.ok(!(ssh2.utils.parseKey(text) instanceof Error));
  });

  for (const [what, text, why] of [
    ["the public half", half, /without \.pub/],
    ["a key with a passphrase", closed, /passphrase.*ssh-keygen -p/],
    ["a PEM key with a passphrase", closedPem, /passphrase/],
    ["PKCS#8", rsa.export({ type: "pkcs8", format: "pem" }) as string, /PKCS#8: convert/],
    ["a key of PuTTY", "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n", /puttygen/],
    ["a path", "~/.ssh/id_ed25519", /is no private key/],
    ["half of a key", open.slice(0, 200), /was cut off/],
    ["a certificate", "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n", /is a CERTIFICATE/],
  ] as const) {
    it(`is not ${what}, and the message shows nothing of it`, () => {
      const said = privateKeyTrouble(text) ?? "";
      assert.match(said, why);
      assert.ok(!said.includes(text.split("\n")[1] ?? "\0"));
      assert.ok(ssh2.utils.parseKey(text) instanceof Error || what === "the public half");
    });
  }
});
