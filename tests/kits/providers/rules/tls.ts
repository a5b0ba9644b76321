/** `@pulumi/tls`: real keys and real certificates, made by ssh2 (OpenSSH's formats) and openssl. */
import { execFile } from "node:child_process";
import { createHash, createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import ssh2 from "ssh2";

import { Refusal, type Call, type Made, type PackageRules, type ResourceRules } from "../contract.ts";
import { text } from "../things.ts";
import { at, isObject, textAt, type Properties, type Value } from "../values.ts";

const KEY_OUTPUTS = [
  "privateKeyPem",
  "privateKeyPemPkcs8",
  "privateKeyOpenssh",
  "publicKeyPem",
  "publicKeyOpenssh",
  "publicKeyFingerprintMd5",
  "publicKeyFingerprintSha256",
];
const CERTIFICATE_OUTPUTS = ["certPem", "keyAlgorithm", "readyForRenewal", "validityStartTime", "validityEndTime"];
const CURVES: Readonly<Record<string, 256 | 384 | 521>> = { P256: 256, P384: 384, P521: 521 };

const privateKey: ResourceRules = {
  required: ["algorithm"],
  secrets: ["privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh"],
  computed: KEY_OUTPUTS,
  create: makeKey,
};

const certRequest: ResourceRules = {
  required: ["privateKeyPem"],
  secrets: ["privateKeyPem"],
  computed: ["certRequestPem", "keyAlgorithm"],
  create: async (call) => {
    const certRequestPem = await inFolder(async (folder) => {
      return requestFor(folder, call);
    });
    const keyAlgorithm = algorithm(text(call.inputs, "privateKeyPem"));
    return { id: digest(certRequestPem), outputs: { certRequestPem, keyAlgorithm } };
  },
};

const selfSignedCert: ResourceRules = {
  required: ["privateKeyPem", "allowedUses", "validityPeriodHours"],
  secrets: ["privateKeyPem"],
  computed: CERTIFICATE_OUTPUTS,
  create: async (call) => {
    const pem = await inFolder(async (folder) => {
      writeFileSync(join(folder, "request.pem"), await requestFor(folder, call));
      return sign(folder, call.inputs, ["-signkey", join(folder, "key.pem")]);
    });
    return certificate(pem, text(call.inputs, "privateKeyPem"));
  },
};

const locallySignedCert: ResourceRules = {
  required: ["certRequestPem", "caPrivateKeyPem", "caCertPem", "allowedUses", "validityPeriodHours"],
  secrets: ["caPrivateKeyPem"],
  computed: [...CERTIFICATE_OUTPUTS, "caKeyAlgorithm"],
  create: async (call) => {
    const pem = await inFolder(async (folder) => {
      writeKey(join(folder, "ca-key.pem"), text(call.inputs, "caPrivateKeyPem"));
      writeFileSync(join(folder, "ca.pem"), text(call.inputs, "caCertPem"));
      writeFileSync(join(folder, "request.pem"), text(call.inputs, "certRequestPem"));
      return sign(folder, call.inputs, ["-CA", join(folder, "ca.pem"), "-CAkey", join(folder, "ca-key.pem")]);
    });
    const made = certificate(pem, text(call.inputs, "caPrivateKeyPem"));
    return { ...made, outputs: { ...made.outputs, caKeyAlgorithm: algorithm(text(call.inputs, "caPrivateKeyPem")) } };
  },
};

export const rules: PackageRules = {
  resource: (type) =>
    ({
      "tls:index/privateKey:PrivateKey": privateKey,
      "tls:index/certRequest:CertRequest": certRequest,
      "tls:index/selfSignedCert:SelfSignedCert": selfSignedCert,
      "tls:index/locallySignedCert:LocallySignedCert": locallySignedCert,
    })[type],
};

function makeKey(call: Call): Made {
  const { pair, parsed } = readableKeyPair(text(call.inputs, "algorithm"), call.inputs);
  const blob = parsed.getPublicSSH();
  const privateKeyPem = parsed.getPrivatePEM();
  const key = createPrivateKey(privateKeyPem);
  const publicKeyPem = createPublicKey(key).export({ type: "spki", format: "pem" }).toString();
  const md5 = createHash("md5").update(blob).digest("hex").match(/../g) ?? [];
  const outputs = {
    privateKeyPem,
    privateKeyPemPkcs8: key.export({ type: "pkcs8", format: "pem" }).toString(),
    privateKeyOpenssh: pair.private,
    publicKeyPem,
    publicKeyOpenssh: `${pair.public.trim()}\n`,
    publicKeyFingerprintMd5: md5.join(":"),
    publicKeyFingerprintSha256: `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`,
  };
  return { id: digest(publicKeyPem), outputs };
}

interface KeyPair {
  readonly private: string;
  readonly public: string;
}

const TRIES = 5;

/** ssh2 1.17 writes about one ED25519 key in 300 so that nobody, not even ssh2, can read it: such a one is thrown away. */
function readableKeyPair(
  wanted: string,
  inputs: Properties,
): { readonly pair: KeyPair; readonly parsed: ssh2.ParsedKey } {
  for (let tries = 1; ; tries++) {
    const pair = keyPair(wanted, inputs);
    const parsed = ssh2.utils.parseKey(pair.private);
    if (!(parsed instanceof Error)) return { pair, parsed };
    if (tries === TRIES) throw parsed;
  }
}

function keyPair(wanted: string, inputs: Properties): KeyPair {
  if (wanted === "ED25519") return ssh2.utils.generateKeyPairSync("ed25519");
  if (wanted === "RSA") return ssh2.utils.generateKeyPairSync("rsa", { bits: Number(at(inputs, "rsaBits") ?? 2048) });
  const bits = CURVES[textAt(inputs, "ecdsaCurve") ?? "P224"];
  if (wanted === "ECDSA" && bits !== undefined) return ssh2.utils.generateKeyPairSync("ecdsa", { bits });
  throw new Refusal(`there is no key of algorithm ${wanted} with curve ${textAt(inputs, "ecdsaCurve") ?? "P224"} here`);
}

/** The uses of the real provider, in openssl's words; a use is of the key or of its certificate. */
const KEY_USES: Readonly<Record<string, string>> = {
  digital_signature: "digitalSignature",
  content_commitment: "nonRepudiation",
  key_encipherment: "keyEncipherment",
  data_encipherment: "dataEncipherment",
  key_agreement: "keyAgreement",
  cert_signing: "keyCertSign",
  crl_signing: "cRLSign",
};
const EXTENDED_USES: Readonly<Record<string, string>> = {
  server_auth: "serverAuth",
  client_auth: "clientAuth",
  code_signing: "codeSigning",
  email_protection: "emailProtection",
  timestamping: "timeStamping",
  ocsp_signing: "OCSPSigning",
};

async function sign(folder: string, inputs: Properties, signer: readonly string[]): Promise<string> {
  writeFileSync(join(folder, "extensions.cnf"), extensions(inputs));
  // openssl 3.0 counts in whole days; the certificate itself then says until when it holds.
  const days = Math.max(1, Math.ceil(Number(at(inputs, "validityPeriodHours")) / 24));
  const request = [
    "-in",
    join(folder, "request.pem"),
    "-copy_extensions",
    "copy",
    "-extfile",
    join(folder, "extensions.cnf"),
  ];
  return openssl(["x509", "-req", ...request, ...signer, "-days", String(days), "-sha256"]);
}

function extensions(inputs: Properties): string {
  const uses = texts(at(inputs, "allowedUses"));
  const unknown = uses.filter((use) => KEY_USES[use] === undefined && EXTENDED_USES[use] === undefined);
  if (unknown.length > 0) throw new Refusal(`there is no use ${unknown.join(", ")}`);
  const keyUses = uses.flatMap((use) => KEY_USES[use] ?? []);
  const extended = uses.flatMap((use) => EXTENDED_USES[use] ?? []);
  return [
    `basicConstraints=critical,CA:${at(inputs, "isCaCertificate") === true ? "TRUE" : "FALSE"}`,
    ...(keyUses.length > 0 ? [`keyUsage=critical,${keyUses.join(",")}`] : []),
    ...(extended.length > 0 ? [`extendedKeyUsage=${extended.join(",")}`] : []),
    "",
  ].join("\n");
}

/** Leaves the key in `key.pem`, for who signs with it. */
async function requestFor(folder: string, call: Call): Promise<string> {
  const [key, config] = [join(folder, "key.pem"), join(folder, "request.cnf")];
  writeKey(key, text(call.inputs, "privateKeyPem"));
  writeFileSync(config, requestConfig(call.inputs));
  // An empty subject cannot be said in the file.
  const subject = at(call.inputs, "subject") === undefined ? ["-subj", "/"] : [];
  return openssl(["req", "-new", "-key", key, "-config", config, ...subject]);
}

function requestConfig(inputs: Properties): string {
  const names = [
    ...texts(at(inputs, "dnsNames")).map((name) => `DNS:${name}`),
    ...texts(at(inputs, "ipAddresses")).map((address) => `IP:${address}`),
    ...texts(at(inputs, "uris")).map((uri) => `URI:${uri}`),
  ];
  const subject = at(inputs, "subject");
  const fields: Readonly<Record<string, string>> = {
    commonName: "CN",
    organization: "O",
    organizationalUnit: "OU",
    locality: "L",
    province: "ST",
    country: "C",
  };
  const parts = Object.entries(isObject(subject) ? subject : {}).flatMap(([key, value]) => {
    const field = fields[key];
    return field !== undefined && typeof value === "string" ? [`${field}=${value}`] : [];
  });
  const head = [
    "[req]",
    "prompt=no",
    "distinguished_name=subject",
    ...(names.length > 0 ? ["req_extensions=names"] : []),
  ];
  const alternative = names.length > 0 ? ["[names]", `subjectAltName=${names.join(",")}`] : [];
  return [...head, "[subject]", ...parts, ...alternative, ""].join("\n");
}

function certificate(certPem: string, keyPem: string): Made {
  const parsed = new X509Certificate(certPem);
  const times = {
    validityStartTime: new Date(parsed.validFrom).toISOString(),
    validityEndTime: new Date(parsed.validTo).toISOString(),
  };
  const id = BigInt(`0x${parsed.serialNumber}`).toString();
  return { id, outputs: { certPem, keyAlgorithm: algorithm(keyPem), readyForRenewal: false, ...times } };
}

function algorithm(keyPem: string): string {
  const type = createPrivateKey(keyPem).asymmetricKeyType;
  return type === "ec" ? "ECDSA" : (type ?? "").toUpperCase();
}

function writeKey(file: string, pem: string): void {
  writeFileSync(file, pem, { mode: 0o600 });
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-tls-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function openssl(args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("openssl", [...args]);
  return stdout;
}

function texts(value: Value | undefined): readonly string[] {
  return Array.isArray(value) ? (value as readonly Value[]).filter((item) => typeof item === "string") : [];
}

function digest(content: string): string {
  return createHash("sha1").update(content).digest("hex");
}
