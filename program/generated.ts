import { createHash } from "node:crypto";
import type { Generated, GeneratedPart } from "@isthmus/core";
import * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random/randomPassword.js";
import { PrivateKey } from "@pulumi/tls/privateKey.js";
import { SelfSignedCert } from "@pulumi/tls/selfSignedCert.js";

/** Ten years; in the last one an update makes a new certificate with the same key, so that what it signed stays good. */
const validityHours = 87_600;
const earlyRenewalHours = 8_760;

type Parts = Readonly<Partial<Record<GeneratedPart, pulumi.Output<string>>>>;

/** What the program makes once and keeps in its state: passwords and the site's own certificate authority. */
export class GeneratedSecrets extends pulumi.ComponentResource {
  readonly #parts: ReadonlyMap<string, Parts>;

  constructor(name: string, wanted: readonly Generated[], opts?: pulumi.ComponentResourceOptions) {
    super("isthmus:program:GeneratedSecrets", name, {}, opts);
    this.#parts = new Map(wanted.map((one) => [one.name, this.#make(`${name}-${one.name}`, one)]));
    this.registerOutputs({});
  }

  /** A part of what was generated under `name`. */
  get(name: string, part: GeneratedPart): pulumi.Output<string> {
    const found = this.#parts.get(name)?.[part];
    if (found === undefined) throw new Error(`nothing generates ${name} with a ${part}`);
    return found;
  }

  #make(name: string, wanted: Generated): Parts {
    if (wanted.kind === "password") {
      const password = new RandomPassword(name, { length: wanted.length, special: false }, { parent: this });
      const fingerprint = password.result.apply((text) => createHash("sha256").update(text).digest("hex").slice(0, 12));
      return { password: pulumi.secret(password.result), fingerprint: pulumi.unsecret(fingerprint) };
    }
    const key = new PrivateKey(name, { algorithm: "ECDSA", ecdsaCurve: "P384" }, { parent: this });
    const certificate = new SelfSignedCert(
      name,
      {
        privateKeyPem: key.privateKeyPem,
        isCaCertificate: true,
        subject: { commonName: wanted.commonName },
        allowedUses: ["cert_signing", "crl_signing"],
        validityPeriodHours: validityHours,
        earlyRenewalHours,
      },
      { parent: this },
    );
    return {
      certificate: certificate.certPem,
      privateKey: pulumi.secret(key.privateKeyPem),
      publicKey: key.publicKeyPem,
    };
  }
}
