import assert from "node:assert/strict";
import { getAt, referencesIn, type ObjectPlan, type ReleasePlan } from "@isthmus/core";
import { contextOf } from "../../../../tests/kits/proofs/site-facts.ts";
import { certManager } from "./definition.ts";

const acme = { email: "admin@example.org", cloudflare: { zones: ["example.org"], token: "cloudflareToken" } };
const objects = (args: unknown): readonly ObjectPlan[] => certManager.objects(contextOf(certManager, { args }));
const release = (args: unknown): ReleasePlan => certManager.charts(contextOf(certManager, { args }))[0]!;
const solvers = (args: unknown): unknown => objects(args).find(({ id }) => id === "issuer-public")?.manifest["spec"];

describe("cert-manager", () => {
  it("has a CA of the site's own, whose key is a reference in a Secret and nowhere else", () => {
    assert.deepEqual(
      objects({}).map(({ id, manifest }) => [id, manifest.kind, manifest.metadata]),
      [
        ["internal-ca", "Secret", { name: "cert-manager-ca", namespace: "cert-manager" }],
        ["issuer-internal", "ClusterIssuer", { name: "internal" }],
      ],
    );
    const [ca, issuer] = objects({});
    assert.deepEqual(ca?.manifest["stringData"], {
      "tls.crt": { $generated: "cert-manager-ca", part: "certificate" },
      "tls.key": { $generated: "cert-manager-ca", part: "privateKey" },
    });
    assert.deepEqual(issuer?.manifest["spec"], { ca: { secretName: "cert-manager-ca" } });
    assert.deepEqual(certManager.generates?.(contextOf(certManager)), [
      { name: "cert-manager-ca", kind: "certificateAuthority", commonName: "Isthmus site-a internal CA" },
    ]);
  });

  it("proves ownership of public names by DNS, with a token that stands in a Secret only", () => {
    assert.deepEqual(solvers({ acme }), {
      acme: {
        server: "https://acme-v02.api.letsencrypt.org/directory",
        email: "admin@example.org",
        privateKeySecretRef: { name: "cert-manager-acme-account" },
        solvers: [
          {
            selector: { dnsZones: ["example.org"] },
            dns01: { cloudflare: { apiTokenSecretRef: { name: "cert-manager-cloudflare", key: "api-token" } } },
          },
        ],
      },
    });
    const holders = objects({ acme }).filter(({ manifest }) => referencesIn(manifest).length > 0);
    assert.deepEqual([...new Set(holders.map(({ manifest }) => manifest.kind))], ["Secret"]);
    assert.deepEqual(referencesIn(release({ acme }).values), []);
  });

  it("takes Let's Encrypt's staging service, or another directory", () => {
    const server = (name: string): unknown => getAt(solvers({ acme: { ...acme, server: name } }), "acme.server");
    assert.equal(server("staging"), "https://acme-staging-v02.api.letsencrypt.org/directory");
    assert.equal(server("https://ca.example.org/acme"), "https://ca.example.org/acme");
    assert.throws(() => server("http://ca.example.org/acme"), /server/);
  });

  it("asks resolvers outside the site whether a proof is visible", () => {
    assert.equal(release({ acme }).values["dns01RecursiveNameservers"], "1.1.1.1:53,9.9.9.9:53");
    assert.equal(release({ acme }).values["dns01RecursiveNameserversOnly"], true);
    assert.ok(!("dns01RecursiveNameservers" in release({}).values));
  });

  it("offers a public issuer only where there is one", () => {
    const offered = (args: unknown): unknown => certManager.offers(contextOf(certManager, { args })).certificates;
    const ca = { $generated: "cert-manager-ca", part: "certificate" };
    assert.deepEqual(offered({}), { internalIssuer: "internal", ca });
    assert.deepEqual(offered({ acme }), {
      internalIssuer: "internal",
      ca,
      publicIssuer: "public",
      publicZones: ["example.org"],
    });
  });

  it("refuses public certificates for zones that nobody can own", () => {
    const cloudflare = { ...acme.cloudflare, zones: ["example.org", "home.arpa", "lab.internal"] };
    const findings = certManager.check?.(contextOf(certManager, { args: { acme: { ...acme, cloudflare } } })) ?? [];
    assert.deepEqual(
      findings.map(({ at }) => at),
      [1, 2].map((index) => `Pulumi.site-a.yaml#/services/cert-manager/acme/cloudflare/zones/${index}`),
    );
  });

  it("keeps one replica of each part running while nodes are emptied, where there are several", () => {
    const budget = (args: unknown): unknown[] =>
      ["podDisruptionBudget", "webhook.podDisruptionBudget", "cainjector.podDisruptionBudget"].map((path) =>
        getAt(release(args).values, path),
      );
    assert.deepEqual(budget({ replicas: 2 }), Array(3).fill({ enabled: true, maxUnavailable: 1 }));
    assert.deepEqual(budget({}), Array(3).fill({ enabled: false }));
  });
});
