import assert from "node:assert/strict";
import { whyNoSession } from "./trouble.ts";

const place = { host: "10.0.20.11", port: 2222, user: "pi", hostKey: "ecdsa-sha2-nistp256 AAAA" };
const failed = (message: string, more: object) => Object.assign(new Error(message), more);

describe("why no session came about", () => {
  for (const [what, error, because, fix] of [
    [
      "a port that is closed",
      failed("x", { code: "ECONNREFUSED" }),
      /nothing listens at 10\.0\.20\.11 port 2222/,
      /sshd runs/,
    ],
    ["a host that is off", failed("x", { code: "EHOSTUNREACH" }), /no way to .*off, or no route/, /power it on/],
    ["a network that is not there", failed("x", { code: "ENETUNREACH" }), /no way to/, /ip route get/],
    ["a name", failed("x", { code: "ENOTFOUND" }), /no DNS server knows/, /address/],
    ["a host that goes down", failed("x", { code: "ECONNRESET" }), /ended the connection/, /starting or going down/],
    ["silence", failed("x", { level: "client-timeout" }), /does not answer/, /firewall|let through/],
    ["a dial that the system gives up", failed("x", { code: "ETIMEDOUT" }), /does not answer/, /let through/],
    ["a key", failed("x", { level: "client-authentication" }), /does not let pi in/, /~pi\/\.ssh\/authorized_keys/],
    [
      "a type of host key",
      failed("Handshake failed: no matching host key format", { level: "handshake" }),
      /no host key of the type that was pinned, ecdsa-sha2-nistp256/,
      /ssh-keyscan -p 2222 -t ed25519 10\.0\.20\.11/,
    ],
    [
      "a key with a passphrase",
      failed("Encrypted private OpenSSH key detected, but no passphrase given", {}),
      /private key cannot be used/,
      /without a passphrase/,
    ],
    [
      "what we know nothing of",
      failed("Bad packet length", { level: "protocol" }),
      /Bad packet length/,
      /ssh -v -p 2222 pi@/,
    ],
  ] as const) {
    it(`names ${what}, and what to do`, () => {
      const trouble = whyNoSession(error, place);
      assert.match(trouble.because, because);
      assert.match(trouble.fix, fix);
    });
  }
});
