import assert from "node:assert/strict";
import { quote, secretShape, withoutRandom, withoutSecrets } from "./index.ts";

/** Made up, in the form that each has. */
export const secrets = {
  pem: `-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----\n`,
  k3s: `K10${"ab12".repeat(16)}::server:correcthorse`,
  proxmox: "isthmus@pve!deploy=0b1c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d",
  uuid: "0b1c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d",
  url: "https://admin:hunter2@registry.example.com/v2",
  discord: "https://discord.com/api/webhooks/1234567890/aBcDeF-012345_abc",
  telegram: "123456789:AAE4vGzXkQ0aBcDeFgHiJkLmNoPqRsTuVwX",
  aws: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  hex: "9f86d081884c7d659a2feaa0c55ad015",
  htpasswd: "admin:$apr1$abcdefgh$0123456789abcdefghijk.",
} as const;

describe("a text for a message", () => {
  for (const [kind, secret] of Object.entries(secrets)) {
    it(`does not repeat a secret that is quoted: ${kind}`, () => {
      for (const around of [secret, `x ${secret}`, { token: secret }, [secret]]) {
        const said = quote(around);
        assert.match(said, /not repeated/);
        for (const part of JSON.stringify(secret)
          .slice(1, -1)
          .match(/[A-Za-z0-9]{9,}/g) ?? [])
          assert.ok(!said.includes(part), `${part} in ${said}`);
      }
    });
  }

  it("keeps what people write", () => {
    for (const text of [
      "k3s-a-server-1",
      "10.0.20.0/24",
      "https://pve.site-a.home.arpa:8006",
      "v1.34.3+k3s1",
      "IngressRoute",
      "s3://isthmus-state?region=eu-central-003&endpoint=s3.eu-central-003.backblazeb2.com",
      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0nQ2kXl6dO0m3o1w5w5v9k7h3s2j1g0f9d8s7a6p5o",
      "node-role.kubernetes.io/control-plane=true:NoSchedule",
    ]) {
      assert.equal(
        quote(text),
        JSON.stringify(text).length > 80 ? `${JSON.stringify(text).slice(0, 77)}…` : JSON.stringify(text),
      );
      assert.equal(withoutSecrets(text), text);
    }
  });

  it("names what it leaves out, and keeps the rest", () => {
    assert.equal(
      withoutSecrets(`the backend ${secrets.url} is away`),
      "the backend (a URL with a password, not repeated)/v2 is away",
    );
    assert.equal(withoutRandom(`key ${secrets.aws}`), "key (a random text, not repeated)");
    assert.equal(secretShape(secrets.k3s), "a token of k3s");
    assert.equal(secretShape("plain"), undefined);
  });
});
