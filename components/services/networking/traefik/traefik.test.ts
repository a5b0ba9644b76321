import assert from "node:assert/strict";
import { getAt, type ObjectPlan, type Route, type Values } from "@isthmus/core";
import { contextOf, type ContextOptions } from "../../../../tests/kits/proofs/site-facts.ts";
import { traefik } from "./definition.ts";

const grafana: Route = {
  name: "grafana",
  host: "grafana.example.org",
  exposure: "public",
  namespace: "monitoring",
  hasLogin: true,
  backend: { service: "grafana", port: 80, scheme: "http" },
  from: "Pulumi.site-a.yaml#/services/monitoring/grafana",
};
const vault: Route = {
  name: "vault",
  host: "vault.site-a.home.arpa",
  exposure: "private",
  namespace: "vault",
  hasLogin: true,
  backend: {
    service: "vault",
    port: 8200,
    scheme: "https",
    verify: { serverName: "vault.vault.svc", caSecret: "vault-tls" },
  },
  from: "Pulumi.site-a.yaml#/services/vault",
};
const publicArgs = {
  exposure: "public",
  pool: "public",
  address: "10.0.20.200",
  authentication: { users: "publicUsers" },
};
const privateArgs = { exposure: "private", pool: "private", address: "10.0.20.210" };

const options = (args: Values, changes: ContextOptions = {}): ContextOptions => ({
  args,
  instance: `traefik-${String(args["exposure"])}`,
  routes: [grafana, vault],
  ...changes,
});
const objects = (args: Values, changes?: ContextOptions): Map<string, ObjectPlan> =>
  new Map(traefik.objects(contextOf(traefik, options(args, changes))).map((object) => [object.id, object]));
const specOf = (id: string, args: Values): unknown => objects(args).get(id)?.manifest["spec"];
const values = (args: Values): Values => traefik.charts(contextOf(traefik, options(args)))[0]!.values;
const rules = (args: Values, changes?: ContextOptions): string[] =>
  (traefik.check?.(contextOf(traefik, options(args, changes))) ?? []).map(({ rule }) => rule);

describe("traefik", () => {
  it("reads Secrets where its routes lead and nowhere else, where the internet reaches it", () => {
    const [open] = traefik.charts(contextOf(traefik, options(publicArgs)));
    assert.equal(getAt(open!.values, "rbac.namespaced"), true);
    assert.deepEqual(getAt(open!.values, "providers.kubernetesCRD.namespaces"), ["traefik-public", "monitoring"]);
    assert.deepEqual(open!.alsoIn, ["monitoring"], "its Roles stand there: the namespace comes first");
    // Ingress objects of any namespace may name its class.
    assert.equal(getAt(values(privateArgs), "rbac.namespaced"), false);
  });

  it("asks for a password where an application has no login", () => {
    const routes: Route[] = [{ ...vault, hasLogin: false }];
    const findings = (args: Values) =>
      traefik.checkRoutes?.({ ...contextOf(traefik, options(args)), routes }).map(({ rule, at }) => [rule, at]);
    const refused = [["route-without-login", vault.from]];
    assert.deepEqual(findings(privateArgs), refused);
    assert.deepEqual(findings({ ...privateArgs, authentication: "by-backends" }), refused);
    assert.deepEqual(findings({ ...privateArgs, allowedSources: ["10.0.20.0/24"] }), refused);
    assert.deepEqual(findings({ ...privateArgs, authentication: { users: "staff" } }), []);
    assert.deepEqual(findings(publicArgs), [], "it is the other instance's");
  });

  it("serves a public route with a certificate, a rate limit and authentication, all in the route's namespace", () => {
    const made = objects(publicArgs);
    assert.deepEqual(
      [...made].map(([id, { manifest }]) => [
        id,
        `${manifest.kind} ${manifest.metadata.namespace ?? ""}/${manifest.metadata.name}`,
      ]),
      [
        ["tls-options", "TLSOption traefik-public/default"],
        ["monitoring-users", "Secret monitoring/traefik-public-users"],
        ["monitoring-rate-limit", "Middleware monitoring/traefik-public-rate-limit"],
        ["monitoring-authentication", "Middleware monitoring/traefik-public-authentication"],
        ["monitoring-headers", "Middleware monitoring/traefik-public-headers"],
        ["certificate-grafana", "Certificate monitoring/grafana"],
        ["route-grafana", "IngressRoute monitoring/grafana"],
      ],
    );
    assert.deepEqual(made.get("monitoring-users")?.manifest["stringData"], { users: { $secret: "publicUsers" } });
    assert.deepEqual(specOf("monitoring-rate-limit", publicArgs), {
      rateLimit: { average: 100, burst: 200, period: "1s" },
    });
    assert.deepEqual(specOf("monitoring-authentication", publicArgs), {
      basicAuth: { secret: "traefik-public-users", removeHeader: true },
    });
    assert.deepEqual(specOf("route-grafana", publicArgs), {
      entryPoints: ["websecure"],
      routes: [
        {
          kind: "Rule",
          match: "Host(`grafana.example.org`)",
          middlewares: ["rate-limit", "authentication", "headers"].map((suffix) => ({
            name: `traefik-public-${suffix}`,
          })),
          services: [{ name: "grafana", port: 80, scheme: "http" }],
        },
      ],
      tls: { secretName: "grafana-tls" },
    });
  });

  it("every object that a route refers to is made, in the same namespace", () => {
    for (const args of [publicArgs, { ...privateArgs, allowedSources: ["10.0.0.0/8"] }]) {
      const made = objects(args);
      for (const { manifest, after = [] } of made.values()) {
        for (const id of after) assert.ok(id.startsWith("release/") || made.has(id.replace("object/", "")), id);
        if (manifest.kind !== "IngressRoute") continue;
        const names = (getAt(manifest, "spec.routes.0.middlewares") as { name: string }[]).map(({ name }) => name);
        const { namespace } = manifest.metadata;
        const there = [...made.values()].filter(
          (one) => one.manifest.kind === "Middleware" && one.manifest.metadata.namespace === namespace,
        );
        assert.deepEqual(
          names.filter((name) => !there.some((one) => one.manifest.metadata.name === name)),
          [],
        );
      }
    }
  });

  it("marks what it makes with its class, so that the other instance leaves it alone", () => {
    for (const { manifest } of objects(publicArgs).values()) {
      if (!manifest.apiVersion.startsWith("traefik.io/") || manifest.kind === "TLSOption") continue;
      assert.deepEqual(manifest.metadata.annotations, { "kubernetes.io/ingress.class": "traefik-public" });
    }
    assert.equal(getAt(values(publicArgs), "providers.kubernetesCRD.ingressClass"), "traefik-public");
    assert.equal(getAt(values(privateArgs), "ingressClass.name"), "traefik-private");
  });

  it("takes public certificates from the public issuer and private ones from the site's own CA", () => {
    const issuer = (id: string, args: Values): unknown => getAt(specOf(id, args), "issuerRef.name");
    assert.equal(issuer("certificate-grafana", publicArgs), "public");
    assert.equal(issuer("certificate-vault", privateArgs), "internal");
  });

  it("verifies an https backend by name and CA", () => {
    assert.deepEqual(specOf("transport-vault", privateArgs), {
      serverName: "vault.vault.svc",
      rootCAs: [{ secret: "vault-tls" }],
    });
    assert.deepEqual(getAt(specOf("route-vault", privateArgs), "routes.0.services.0"), {
      name: "vault",
      port: 8200,
      scheme: "https",
      serversTransport: "vault",
    });
  });

  it("asks nothing of private clients unless told", () => {
    const middlewares = (args: Values): unknown => getAt(specOf("route-vault", args), "routes.0.middlewares");
    assert.deepEqual(middlewares(privateArgs), [{ name: "traefik-private-headers" }]);
    const strict = {
      ...privateArgs,
      allowedSources: ["10.0.20.0/24"],
      rateLimit: { average: 5, burst: 9 },
      authentication: { users: "admins" },
    };
    assert.deepEqual(
      middlewares(strict),
      ["allowed-sources", "rate-limit", "authentication", "headers"].map((suffix) => ({
        name: `traefik-private-${suffix}`,
      })),
    );
  });

  it("speaks TLS 1.2 or later, and only for hosts that have a certificate; plain HTTP is sent on", () => {
    const { minVersion, sniStrict } = specOf("tls-options", publicArgs) as Values;
    assert.deepEqual({ minVersion, sniStrict }, { minVersion: "VersionTLS12", sniStrict: true });
    assert.equal(getAt(values(publicArgs), "providers.kubernetesCRD.defaultTLSResourcesNamespace"), "traefik-public");
    assert.deepEqual(getAt(values(publicArgs), "ports.web.http.redirections.entryPoint"), {
      to: "websecure",
      scheme: "https",
      permanent: true,
    });
  });

  it("holds its address by the load balancer's own annotation, and sees clients' addresses", () => {
    const facts = { loadBalancer: { addressAnnotation: "example.org/address" } };
    const [release] = traefik.charts(contextOf(traefik, options(publicArgs, { facts })));
    assert.deepEqual(release?.values["service"], {
      annotations: { "example.org/address": "10.0.20.200" },
      spec: { type: "LoadBalancer", externalTrafficPolicy: "Local" },
    });
    const { addresses } = traefik.footprint(contextOf(traefik, options(publicArgs)));
    assert.deepEqual(
      addresses.map(({ pool, address }) => [pool, address]),
      [["public", "10.0.20.200"]],
    );
  });

  it("refuses to face the internet without trusted certificates, or without a word on authentication", () => {
    const silent = { ...publicArgs, authentication: undefined };
    const facts = { certificates: { internalIssuer: "internal", ca: "" } };
    assert.deepEqual(rules(silent, { facts }), ["public-without-certificates", "public-without-authentication"]);
    assert.deepEqual(rules({ ...silent, authentication: "by-backends" }), []);
    assert.deepEqual(rules(publicArgs), []);
    assert.deepEqual(rules(privateArgs, { facts }), []);
  });

  it("finds public names for which no certificate would ever be issued", () => {
    const facts = {
      certificates: { internalIssuer: "internal", publicIssuer: "public", publicZones: ["example.org"], ca: "" },
    };
    const evil: Route = { ...grafana, name: "other", host: "notexample.org" };
    const routes = [grafana, { ...grafana, host: "example.org" }, evil, vault];
    const findings = traefik.checkRoutes?.(contextOf(traefik, options(publicArgs, { facts, routes }))) ?? [];
    assert.deepEqual(
      findings.map(({ rule, at }) => [rule, at]),
      [["public-host-outside-zones", evil.from]],
    );
    assert.match(findings[0]?.problem ?? "", /"notexample\.org"/);
  });

  it("offers itself as the ingress of its exposure", () => {
    const offered = traefik.offers(contextOf(traefik, options(privateArgs)));
    assert.deepEqual(offered, { "ingress/private": { className: "traefik-private", address: "10.0.20.210" } });
    assert.deepEqual(traefik.provides(traefik.schema.parse(publicArgs)), ["ingress/public"]);
  });
});
