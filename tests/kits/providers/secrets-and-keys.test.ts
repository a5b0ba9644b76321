/** Simulated secrets, keys and certificates. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createPublicKey, X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { contains, isSecret, reveal, textAt, type Properties } from "./values.ts";
import { emptyWorlds, folder, make, provider, target } from "./rules-under-test.ts";

describe("simulated secrets and keys", () => {
  emptyWorlds();

  it("are random, and as long and as mixed as asked", async () => {
    const service = await provider("random");
    const password = async (inputs: Properties): Promise<string> => {
      const made = await make(service, "random:index/randomPassword:RandomPassword", inputs);
      assert.ok(isSecret(made.outputs["result"]) && isSecret(made.outputs["bcryptHash"]));
      return textAt(made.outputs, "result") ?? "";
    };
    assert.match(await password({ length: 20, special: false, minNumeric: 20 }), /^[0-9]{20}$/);
    assert.match(await password({ length: 12, special: false, upper: false }), /^[a-z0-9]{12}$/);
    assert.notEqual(await password({ length: 16 }), await password({ length: 16 }));
    const diff = service.diff(target("random:index/randomPassword:RandomPassword"), { length: 16 }, { length: 17 });
    assert.deepEqual(diff.replaces, ["length"]);
  });

  it("hold in a chain that openssl verifies", async () => {
    const service = await provider("tls");
    const key = async (algorithm: string): Promise<Properties> => {
      const { outputs } = await make(service, "tls:index/privateKey:PrivateKey", { algorithm, ecdsaCurve: "P256" });
      assert.ok(contains(outputs["privateKeyPem"], "secret"));
      return reveal(outputs) as Properties;
    };
    const [caKey, serverKey] = [await key("ECDSA"), await key("ED25519")];
    const uses = {
      allowedUses: ["cert_signing"],
      validityPeriodHours: 48,
      isCaCertificate: true,
      subject: { commonName: "CA" },
    };
    const ca = await make(service, "tls:index/selfSignedCert:SelfSignedCert", {
      privateKeyPem: caKey["privateKeyPem"] ?? "",
      ...uses,
    });
    const asked = {
      privateKeyPem: serverKey["privateKeyPem"] ?? "",
      dnsNames: ["vault.example"],
      ipAddresses: ["10.0.0.1"],
    };
    const request = await make(service, "tls:index/certRequest:CertRequest", asked);
    const signed = await make(service, "tls:index/locallySignedCert:LocallySignedCert", {
      certRequestPem: request.outputs["certRequestPem"] ?? "",
      caPrivateKeyPem: caKey["privateKeyPem"] ?? "",
      caCertPem: ca.outputs["certPem"] ?? "",
      allowedUses: ["server_auth"],
      validityPeriodHours: 24,
    });
    const certificate = new X509Certificate(textAt(signed.outputs, "certPem") ?? "");
    assert.equal(certificate.subjectAltName, "DNS:vault.example, IP Address:10.0.0.1");
    assert.ok(certificate.publicKey.equals(createPublicKey(textAt(serverKey, "publicKeyPem") ?? "")));
    writeFileSync(join(folder, "ca.pem"), textAt(ca.outputs, "certPem") ?? "");
    writeFileSync(join(folder, "certificate.pem"), textAt(signed.outputs, "certPem") ?? "");
    const verified = execFileSync("openssl", [
      "verify",
      "-CAfile",
      join(folder, "ca.pem"),
      join(folder, "certificate.pem"),
    ]);
    assert.match(String(verified), /: OK/);
  });
});
