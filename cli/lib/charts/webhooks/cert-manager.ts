import { isIP } from "node:net";
import { objectName } from "@isthmus/core";
import { isRecord, listAt, mapAt, textAt } from "../kubernetes.ts";
import { demandsOf, textsIn, unread, valueAt, when } from "./demand.ts";

const certificates = ["Certificate"];
const issuers = ["Issuer", "ClusterIssuer"];
const certificate = (symbols: string): string => `internal/apis/certmanager/validation/certificate.go (${symbols})`;
const issuer = (symbols: string): string => `internal/apis/certmanager/validation/issuer.go (${symbols})`;

const named = ["commonName", "dnsNames", "uris", "emailAddresses", "ipAddresses", "otherNames"];
/** Bits of an RSA key, and curves of an ECDSA one. (pkg/util/pki/generate.go) */
const rsa = [2048, 8192] as const;
const ecdsa = [256, 384, 521];

export const certManagerDemands = demandsOf(
  "cert-manager",
  "https://github.com/cert-manager/cert-manager/blob/v1.21.1",
  [
    {
      kinds: certificates,
      demands: "name the Secret that it is kept in, and its issuer, which is an Issuer or a ClusterIssuer",
      source: certificate("ValidateCertificateSpec, validateIssuerRef"),
      refuses: (object) => {
        const secret = textAt(object, "spec", "secretName") ?? "";
        const { name, kind = "", group = "" } = mapAt(object, "spec", "issuerRef");
        const own = group === "" || group === "cert-manager.io";
        return [
          ...when(!objectName.test(secret), "spec.secretName: must be specified, as a name of a Secret"),
          ...when(typeof name !== "string" || name === "", "spec.issuerRef.name: must be specified"),
          ...when(
            own && !["", "Issuer", "ClusterIssuer"].includes(String(kind)),
            "spec.issuerRef.kind: must be one of Issuer or ClusterIssuer",
          ),
        ];
      },
    },
    {
      kinds: certificates,
      demands: "have at least one name, a common name of at most 64 letters, and addresses that are some",
      source: certificate("ValidateCertificateSpec, validateIPAddresses"),
      refuses: (object) => {
        const spec = mapAt(object, "spec");
        const none = named.every((key) => {
          const value = spec[key];
          return value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
        });
        return [
          ...when(
            none,
            "spec: at least one of commonName, dnsNames, emailSANs, ipAddresses, otherNames, or uriSANs must be set",
          ),
          ...when((textAt(spec, "commonName") ?? "").length > 64, "spec.commonName: may not be more than 64 bytes"),
          ...textsIn(spec["ipAddresses"])
            .filter((address) => isIP(address) === 0)
            .map((address) => `spec.ipAddresses: invalid IP address ${address}`),
        ];
      },
    },
    {
      kinds: certificates,
      demands: "have a key of an algorithm and a size that go together",
      source: certificate("ValidateCertificateSpec"),
      refuses: (object) => {
        const { algorithm = "RSA", size = 0 } = mapAt(object, "spec", "privateKey");
        const bits = Number(size);
        if (algorithm === "ECDSA")
          return when(bits > 0 && !ecdsa.includes(bits), "spec.privateKey.size: supported values: 256, 384, 521");
        if (algorithm === "RSA")
          return when(
            bits > 0 && (bits < rsa[0] || bits > rsa[1]),
            "spec.privateKey.size: must be between 2048 and 8192 for rsa keyAlgorithm",
          );
        return when(
          algorithm !== "Ed25519",
          "spec.privateKey.algorithm: must be either empty or one of rsa, ecdsa or ed25519",
        );
      },
    },
    {
      kinds: certificates,
      demands: "last at least an hour, and be renewed at least five minutes before its end, and after its beginning",
      source: certificate("ValidateDuration"),
      refuses: (object) => {
        const { duration, renewBefore, renewBeforePercentage } = mapAt(object, "spec");
        if (duration === undefined && renewBefore === undefined) return [];
        const lasts = seconds(duration ?? "2160h");
        const before = renewBefore === undefined ? undefined : seconds(renewBefore);
        return [
          ...when(!(lasts >= 3600), "spec.duration: certificate duration must be greater than 1h0m0s"),
          ...when(
            before !== undefined && !(before >= 300),
            "spec.renewBefore: certificate renewBefore must be greater than 5m0s",
          ),
          ...when(
            before !== undefined && before >= lasts,
            "spec.renewBefore: certificate duration must be greater than renewBefore",
          ),
          ...when(
            before !== undefined && renewBeforePercentage !== undefined,
            "spec.renewBefore: renewBefore and renewBeforePercentage are mutually exclusive",
          ),
        ];
      },
    },
    unread(certificates, certificate("ValidateCertificateSpec"), [
      "spec.literalSubject",
      "spec.emailAddresses",
      "spec.otherNames",
      "spec.signatureAlgorithm",
      "spec.renewBeforePercentage",
      "spec.secretTemplate",
      "spec.nameConstraints",
      "spec.additionalOutputFormats",
      "spec.keystores",
      "spec.renewal",
    ]),
    {
      kinds: issuers,
      demands: "be of exactly one type",
      source: issuer("ValidateIssuerConfig"),
      refuses: (object) => {
        const types = ["acme", "ca", "selfSigned", "vault", "venafi"].filter(
          (key) => mapAt(object, "spec")[key] !== undefined,
        );
        return [
          ...when(types.length === 0, "spec: at least one issuer must be configured"),
          ...when(types.length > 1, `spec.${types[1] ?? ""}: may not specify more than one issuer type`),
        ];
      },
    },
    {
      kinds: issuers,
      demands: "name the Secret of its authority",
      source: issuer("ValidateCAIssuerConfig"),
      refuses: (object) =>
        when(
          valueAt(object, "spec.ca") !== undefined && !valueAt(object, "spec.ca.secretName"),
          "spec.ca.secretName: Required value",
        ),
    },
    {
      kinds: issuers,
      demands: "with ACME, name a server and the Secret of its account's key, and solve each challenge in one way",
      source: issuer("ValidateACMEIssuerConfig, ValidateACMEIssuerChallengeSolverConfig"),
      refuses: (object) => {
        const acme = mapAt(object, "spec")["acme"];
        if (!isRecord(acme)) return [];
        return [
          ...when(!valueAt(acme, "server"), "spec.acme.server: acme server URL is a required field"),
          ...when(
            !valueAt(acme, "privateKeySecretRef.name"),
            "spec.acme.privateKeySecretRef.name: private key secret name is a required field",
          ),
          ...listAt(acme, "solvers").flatMap((solver) => {
            const ways = ["http01", "dns01"].filter((key) => solver[key] !== undefined).length;
            return when(
              ways !== 1,
              `spec.acme.solvers: ${ways === 0 ? "no solver type configured" : "may not specify more than one solver type in a single solver"}`,
            );
          }),
        ];
      },
    },
    {
      kinds: issuers,
      demands: "with Cloudflare, name the token's Secret and its key, and no key of the account beside it",
      source: issuer("ValidateACMEChallengeSolverDNS01"),
      refuses: (object) =>
        listAt(object, "spec", "acme", "solvers").flatMap((solver) => {
          const cloudflare = mapAt(solver, "dns01")["cloudflare"];
          if (!isRecord(cloudflare)) return [];
          const { apiTokenSecretRef: token, apiKeySecretRef: key, email } = cloudflare;
          return [
            ...when(
              (token === undefined) === (key === undefined),
              "dns01.cloudflare: exactly one of apiTokenSecretRef and apiKeySecretRef must be specified",
            ),
            ...when(
              isRecord(token) && (!token["name"] || !token["key"]),
              "dns01.cloudflare.apiTokenSecretRef: name and key are required",
            ),
            ...when(key !== undefined && !email, "dns01.cloudflare.email: required with apiKeySecretRef"),
          ];
        }),
    },
    unread(issuers, issuer("ValidateIssuerConfig"), [
      "spec.vault",
      "spec.venafi",
      "spec.acme.caBundle",
      "spec.acme.externalAccountBinding",
      "spec.ca.ocspServers",
      "spec.ca.issuingCertificateURLs",
    ]),
  ],
);

/** Of Go's durations, as people write them: 2160h, 5m0s. Not a number where it is none. */
function seconds(duration: unknown): number {
  const text = String(duration);
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|m|s)/g)];
  if (parts.map(([all]) => all).join("") !== text) return NaN;
  const units = { h: 3600, m: 60, s: 1 };
  return parts.reduce((sum, [, number = "0", unit = "s"]) => sum + Number(number) * units[unit as "h" | "m" | "s"], 0);
}
