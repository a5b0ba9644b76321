import assert from "node:assert/strict";
import { unknownMark } from "@isthmus/core";
import { kinds, messages, outcomes } from "../../fixtures/answers.ts";
import {
  basicAuth,
  ingressRoute,
  rateLimit,
  release,
  resource,
  service,
  site,
  spoiled,
} from "../../fixtures/resources.ts";
import type { PolicyResource, Props } from "../../resource.ts";
import { publicRouteProtected as rule } from "./public-route-protected.ts";

const others = [site, service, rateLimit, basicAuth];
const route = ["props", "spec", "routes", 0];
const middlewares = [...route, "middlewares"];
const annotations = ["props", "metadata", "annotations"];
const ask = (changed: PolicyResource, settings: unknown = {}) => outcomes(rule, changed, { others, settings });
const askWith = (changed: readonly PolicyResource[]) =>
  outcomes(rule, ingressRoute, { others: [site, service, ...changed] });
const where = "IngressRoute web/shop: spec.routes[0] (shop.example.org) is public and has";

describe("public-route-protected", () => {
  it("passes a public route with both middlewares", () => {
    assert.deepEqual(ask(ingressRoute), [{ kind: "pass" }]);
  });

  it("refuses a route without either, says how to fix it, and where the route is declared", () => {
    assert.deepEqual(ask(spoiled(ingressRoute, middlewares, [{ name: "authentication" }])), [
      {
        kind: "fail",
        message: `${where} no rate limit`,
        fix: "Name a middleware with rateLimit (average above 0).",
        from: "Pulumi.site-a.yaml#/services/shop/host",
      },
    ]);
    assert.deepEqual(messages(ask(spoiled(ingressRoute, middlewares, [{ name: "rate-limit" }]))), [
      `${where} no authentication`,
    ]);
    assert.deepEqual(messages(ask(spoiled(ingressRoute, middlewares, undefined))), [
      `${where} no rate limit and no authentication`,
    ]);
  });

  it("passes without a second password where every footprint says that what has the host asks by itself, and never without a rate limit", () => {
    const saying = (...hasLogin: readonly unknown[]) =>
      hasLogin.map((says) => spoiled(service, ["props", "footprint", "routes", 0, "hasLogin"], says));
    const open = spoiled(ingressRoute, middlewares, [{ name: "rate-limit" }]);
    const asked = (changed: PolicyResource, ...services: readonly PolicyResource[]) =>
      outcomes(rule, changed, { others: [site, rateLimit, ...services] });
    assert.deepEqual(asked(open, ...saying(true)), [{ kind: "pass" }]);
    for (const says of [false, undefined, "true"])
      assert.deepEqual(messages(asked(open, ...saying(says))), [`${where} no authentication`], String(says));
    assert.deepEqual(messages(asked(open, ...saying(true, false))), [`${where} no authentication`]);
    assert.deepEqual(messages(asked(spoiled(ingressRoute, middlewares, undefined), ...saying(true))), [
      `${where} no rate limit`,
    ]);
  });

  it("refuses middlewares that do not exist, are in another namespace, or do nothing", () => {
    const missing = "the middleware web/authentication does not exist in this stack";
    assert.deepEqual(messages(askWith([rateLimit])), [`${where} no authentication: ${missing}`]);
    const elsewhere = spoiled(basicAuth, ["props", "metadata", "namespace"], "other");
    assert.deepEqual(messages(askWith([rateLimit, elsewhere])), [`${where} no authentication: ${missing}`]);
    for (const average of [0, undefined, "0"]) {
      const limitless = spoiled(rateLimit, ["props", "spec", "rateLimit", "average"], average);
      const why = "the middleware web/rate-limit limits nothing: its average is 0";
      assert.deepEqual(messages(askWith([limitless, basicAuth])), [`${where} no rate limit: ${why}`]);
    }
    const nobody = spoiled(basicAuth, ["props", "spec", "basicAuth", "secret"], "");
    const why = "the middleware web/authentication lets nobody prove who they are: its basicAuth has no secret";
    assert.deepEqual(messages(askWith([rateLimit, nobody])), [`${where} no authentication: ${why}`]);
    const other = spoiled(basicAuth, ["props", "spec"], { headers: { stsSeconds: 1 } });
    assert.deepEqual(messages(askWith([rateLimit, other])), [`${where} no authentication`]);
  });

  it("takes forward authentication, chains, and names across namespaces", () => {
    const forward = spoiled(basicAuth, ["props", "spec"], { forwardAuth: { address: "http://auth.auth.svc/verify" } });
    assert.deepEqual(kinds(askWith([rateLimit, forward])), ["pass"]);
    const links = { chain: { middlewares: [{ name: "rate-limit" }, { name: "authentication" }, { name: "all" }] } };
    const chain = named("all", "web", links);
    assert.deepEqual(
      kinds(outcomes(rule, spoiled(ingressRoute, middlewares, [{ name: "all" }]), { others: [...others, chain] })),
      ["pass"],
    );
    const far = [named("rate-limit", "edge", rateLimit.props["spec"] as Props), basicAuth];
    for (const reference of [{ name: "rate-limit", namespace: "edge" }, { name: "edge-rate-limit@kubernetescrd" }]) {
      const crossing = spoiled(ingressRoute, middlewares, [reference, { name: "authentication" }]);
      assert.deepEqual(kinds(outcomes(rule, crossing, { others: [service, ...far] })), ["pass"]);
    }
  });

  it("judges every route of an object by itself", () => {
    const bare = { match: "Host(`shop.example.org`) && PathPrefix(`/api`)", services: [{ name: "api" }] };
    const redirect = {
      match: "Host(`shop.example.org`)",
      services: [{ name: "noop@internal", kind: "TraefikService" }],
    };
    const routes = [...(ingressRoute.props["spec"] as { routes: unknown[] }).routes, bare, redirect];
    assert.deepEqual(kinds(ask(spoiled(ingressRoute, ["props", "spec", "routes"], routes))), [
      "pass",
      "fail",
      "not-applicable",
    ]);
  });

  describe("what is public", () => {
    const unprotected = spoiled(ingressRoute, middlewares, []);

    it("a host that a footprint declares public, whatever the class says", () => {
      const hidden = spoiled(unprotected, annotations, { "kubernetes.io/ingress.class": "traefik-private" });
      assert.equal(messages(ask(hidden)).length, 1);
      const twice = spoiled(hidden, [...route, "match"], "Host(`other.example.org`, `SHOP.example.org`)");
      assert.equal(messages(ask(twice)).length, 1);
    });

    it("a class that is configured public, or serves a public host", () => {
      const other = spoiled(unprotected, [...route, "match"], "Host(`other.example.org`)");
      assert.equal(messages(ask(other)).length, 1);
      assert.deepEqual(kinds(ask(other, { publicClasses: [] })), ["not-applicable"]);
      const edge = spoiled(other, annotations, { "kubernetes.io/ingress.class": "edge" });
      const serving = {
        ...spoiled(ingressRoute, annotations, { "kubernetes.io/ingress.class": "edge" }),
        urn: "urn:serving",
      };
      assert.equal(messages(outcomes(rule, edge, { others: [...others, serving] })).length, 1);
    });

    it("a route without a class, for any instance may serve it", () => {
      const classless = spoiled(spoiled(unprotected, annotations, {}), [...route, "match"], "PathPrefix(`/`)");
      assert.equal(messages(ask(classless)).length, 1);
      assert.deepEqual(kinds(outcomes(rule, classless)), ["not-applicable"]);
    });

    it("nothing of a private class", () => {
      const hidden = spoiled(unprotected, annotations, { "kubernetes.io/ingress.class": "traefik-private" });
      assert.deepEqual(ask(spoiled(hidden, [...route, "match"], "Host(`admin.site-a.home.arpa`)")), [
        { kind: "not-applicable", reason: "its class traefik-private is not public" },
      ]);
    });
  });

  it("refuses public TCP and UDP routes", () => {
    const spec = { routes: [{ match: "HostSNI(`shop.example.org`)", services: [{ name: "web" }] }] };
    const tcp = resource("kubernetes:traefik.io/v1alpha1:IngressRouteTCP", "tcp", {
      kind: "IngressRouteTCP",
      metadata: { name: "tcp" },
      spec,
    });
    assert.deepEqual(messages(ask(tcp)), [
      "IngressRouteTCP tcp is public, and such a route can have neither a rate limit nor authentication",
    ]);
  });

  it("reads Ingress objects", () => {
    const names = "web-rate-limit@kubernetescrd, web-authentication@kubernetescrd";
    const ingress = resource("kubernetes:networking.k8s.io/v1:Ingress", "web", {
      kind: "Ingress",
      metadata: {
        name: "web",
        namespace: "web",
        annotations: { "traefik.ingress.kubernetes.io/router.middlewares": names },
      },
      spec: { ingressClassName: "traefik-public", rules: [{ host: "shop.example.org" }] },
    });
    assert.deepEqual(kinds(ask(ingress)), ["pass"]);
    assert.deepEqual(messages(ask(spoiled(ingress, annotations, {}))), [
      "Ingress web/web (shop.example.org) is public and has no rate limit and no authentication",
    ]);
  });

  it("reads the ingress that a chart makes by itself", () => {
    const withIngress = (ingress: Props) => spoiled(release, ["props", "values", "ingress"], ingress);
    assert.deepEqual(kinds(ask(release)), ["not-applicable"]);
    assert.deepEqual(kinds(ask(withIngress({ enabled: false, className: "traefik-public" }))), ["not-applicable"]);
    assert.deepEqual(kinds(ask(withIngress({ enabled: true, className: "traefik-private" }))), ["not-applicable"]);
    assert.deepEqual(
      messages(ask(withIngress({ enabled: true, className: "traefik-public", hosts: ["shop.example.org"] }))),
      ["Release shop: values.ingress (shop.example.org) is public and has no rate limit and no authentication"],
    );
    assert.deepEqual(ask(withIngress({ enabled: true })), [
      { kind: "decided-by-chart", why: "Release shop: values.ingress leaves its class to the chart" },
    ]);
    const controller = { ingressClass: { enabled: true }, providers: { kubernetesIngress: { enabled: true } } };
    assert.deepEqual(kinds(ask(spoiled(release, ["props", "values"], controller))), ["not-applicable"]);
    const console = { consoleIngress: { enabled: true, ingressClassName: "traefik-public" } };
    assert.deepEqual(kinds(ask(spoiled(release, ["props", "values"], console))), ["fail"]);
    const names = "web-rate-limit@kubernetescrd,web-authentication@kubernetescrd";
    const guarded = {
      enabled: true,
      hostname: "shop.example.org",
      annotations: { "traefik.ingress.kubernetes.io/router.middlewares": names },
    };
    assert.deepEqual(kinds(ask(withIngress(guarded))), ["pass"]);
  });

  it("lets named hosts do without authentication, not without a rate limit", () => {
    const settings = {
      withoutAuthentication: [{ host: "Shop.example.org", reason: "the shop has a login of its own" }],
    };
    assert.deepEqual(kinds(ask(spoiled(ingressRoute, middlewares, [{ name: "rate-limit" }]), settings)), ["pass"]);
    assert.deepEqual(messages(ask(spoiled(ingressRoute, middlewares, []), settings)), [`${where} no rate limit`]);
  });

  it("says unknown of what only the deployment knows", () => {
    const at = (path: readonly (string | number)[]) => kinds(ask(spoiled(ingressRoute, path, unknownMark)));
    assert.deepEqual(at(["props", "spec"]), ["unknown"]);
    assert.deepEqual(at([...route, "match"]), ["unknown"]);
    assert.deepEqual(at([...middlewares, 0, "name"]), ["unknown"]);
    const open = spoiled(rateLimit, ["props", "spec", "rateLimit", "average"], unknownMark);
    assert.deepEqual(kinds(askWith([open, basicAuth])), ["unknown"]);
    assert.deepEqual(kinds(askWith([rateLimit, spoiled(basicAuth, ["props", "spec"], unknownMark)])), ["unknown"]);
    assert.deepEqual(kinds(ask(spoiled(release, ["props", "values"], unknownMark))), ["unknown"]);
  });
});

function named(name: string, namespace: string, spec: Props): PolicyResource {
  return resource("kubernetes:traefik.io/v1alpha1:Middleware", `${namespace}-${name}`, {
    kind: "Middleware",
    metadata: { name, namespace },
    spec,
  });
}
