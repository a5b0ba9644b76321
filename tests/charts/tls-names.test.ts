import assert from "node:assert/strict";
import { isIP } from "node:net";
import { join } from "node:path";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import { getAt, type Manifest } from "@isthmus/core";
import { load } from "../../config/load.ts";
import { catalogue } from "../../plan/catalogue.ts";
import { planFleet } from "../../plan/fleet.ts";
import type { SitePlan } from "../../plan/plans.ts";

const loaded = load(join(import.meta.dirname, "../.."), catalogue);
assert.ok("model" in loaded);
const { sites } = planFleet(loaded.model);

/** Every text in `data`, keys too: HCL and nginx configuration hold addresses of servers as values do. */
function textsIn(data: unknown): string[] {
  if (typeof data === "string") return [data];
  if (typeof data !== "object" || data === null) return [];
  return Object.entries(data).flatMap(([key, value]) => [key, ...textsIn(value)]);
}

/** Hosts of URLs with https that belong to the site: a Service of its cluster, or an address that one of its services holds. */
function hostsCalled(site: SitePlan): Set<string> {
  const claimed = site.services.flatMap((plan) => plan.footprint.addresses.map(({ address }) => address));
  const said = site.services.flatMap(({ releases, objects, offers, exports }) =>
    textsIn({
      values: releases.map(({ values }) => values),
      objects: objects.map(({ manifest }) => manifest),
      offers,
      exports,
    }),
  );
  const hosts = said.flatMap((text) => [...text.matchAll(/https:\/\/([^/:\s"']+)/g)].map(([, host = ""]) => host));
  return new Set(hosts.filter((host) => claimed.includes(host) || /\.svc(\.|$)/.test(host)));
}

const certificatesOf = (site: SitePlan): Manifest[] =>
  site.services
    .flatMap((plan) => plan.objects.map(({ manifest }) => manifest))
    .filter(({ kind }) => kind === "Certificate");

/** As Node.js' TLS client compares them (RFC 6125). */
function answersTo(certificate: Manifest, host: string): boolean {
  const names = (getAt(certificate, "spec.dnsNames") ?? []) as readonly string[];
  const addresses = (getAt(certificate, "spec.ipAddresses") ?? []) as readonly string[];
  const subjectaltname = [...names.map((name) => `DNS:${name}`), ...addresses.map((one) => `IP Address:${one}`)].join(
    ", ",
  );
  return checkServerIdentity(host, { subject: {}, subjectaltname } as unknown as PeerCertificate) === undefined;
}

describe("TLS servers of the default stacks", () => {
  for (const site of sites) {
    it(`show a certificate of each name by which anything at ${site.facts.name} is told to call them`, () => {
      // The chart puts the pod's own name there.
      const hosts = [...hostsCalled(site)].map((host) => host.replace("$(VAULT_K8S_POD_NAME)", "vault-0"));
      assert.ok(hosts.length >= 5, hosts.join(", "));
      const unknown = hosts.filter((host) => {
        const namespace = isIP(host) === 0 ? host.slice(0, host.indexOf(".svc")).split(".").at(-1) : undefined;
        const candidates = certificatesOf(site).filter(
          ({ metadata }) => namespace === undefined || metadata.namespace === namespace,
        );
        return !candidates.some((certificate) => answersTo(certificate, host));
      });
      assert.deepEqual(unknown, []);
    });
  }
});
