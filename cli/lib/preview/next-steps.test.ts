import assert from "node:assert/strict";
import type { Failure } from "../../../policy/evaluate.ts";
import { publicRouteProtected } from "../../../policy/rules/security/public-route-protected.ts";
import { plain } from "../terminal/style.ts";
import type { PreviewedSite } from "./document.ts";
import { afterFirstUp, nextSteps } from "./next-steps.ts";
import { verdict } from "./verdict.ts";

const topology = { sites: ["site-a", "site-b"].map((name) => ({ name, hosts: [], nodes: [] })) };
const locate = () => ({ file: "Pulumi.site-a.yaml", line: 7 });

const nothing = {
  resources: [],
  releases: [],
  dnsRecords: [],
  policy: { rules: [], failures: [], blocked: false },
  pendingLinks: [],
  secrets: [],
  neverCompared: [],
  afterwards: [],
} as unknown as PreviewedSite;

const failure: Failure = {
  rule: publicRouteProtected.id,
  severity: "high",
  enforcement: "mandatory",
  message: "anybody may use the route grafana.example.com",
  fix: "set authentication: basic",
  urn: "urn:x",
  from: "Pulumi.site-a.yaml#/config/isthmus:site",
};
const violated: PreviewedSite = { ...nothing, policy: { rules: [], failures: [failure], blocked: true } };

describe("what is said first", () => {
  it("is whether it may be deployed, and at which site a mandatory policy is violated", () => {
    assert.deepEqual(verdict({ sites: { "site-a": nothing, "site-b": violated } }, [], plain), [
      "✘ `pulumi up` would refuse: mandatory policies are violated (1 at site-b).",
    ]);
    assert.deepEqual(verdict({ sites: { "site-a": nothing } }, [], plain), [
      "✔ Stack files and mandatory policies are in order.",
    ]);
  });
});

describe("the next steps", () => {
  const steps = (sites: Readonly<Record<string, PreviewedSite>>) =>
    nextSteps({ sites, topology, style: plain, locate });

  it("begin with what a mandatory policy wants, by file and line, with its fix", () => {
    assert.deepEqual(steps({ "site-a": violated }), [
      "Next steps",
      " 1. Fix what violates mandatory policies",
      "    Pulumi.site-a.yaml:7: config.isthmus:site: error: anybody may use the route",
      "      grafana.example.com [public-route-protected]",
      "      set authentication: basic",
      " 2. Deploy",
      "    pulumi up -s site-a",
    ]);
  });

  it("have commands as they are typed: for the first of two sites that lack the same, and for each that lacks its own", () => {
    const lacking = (...names: string[]) => names.map((name) => ({ name, for: "it", present: name === "kept" }));
    const sites = {
      "site-a": { ...nothing, secrets: lacking("token", "kept") },
      "site-b": { ...nothing, secrets: lacking("token", "own") },
    };
    assert.deepEqual(steps(sites).slice(0, 6), [
      "Next steps",
      " 1. Set the secrets that are missing",
      "    site-a here; the same with -s site-b:",
      "    pulumi config set -s site-a --path --secret 'isthmus:secrets.token'   # it",
      "    pulumi config set -s site-b --path --secret 'isthmus:secrets.own'   # it",
      " 2. Deploy",
    ]);
  });

  it("say that the first site is deployed once more for what waits, and what comes before and after", () => {
    const waiting = {
      ...nothing,
      pendingLinks: [{ site: "site-b", service: "longhorn", item: "backup" }],
      afterwards: ["before the first up: longhorn needs it on pc: sudo apt-get install x", "Trust the CA of site-a"],
    };
    assert.deepEqual(steps({ "site-a": waiting, "site-b": { ...nothing, afterwards: ["Trust the CA of site-b"] } }), [
      "Next steps",
      " 1. Prepare the hosts",
      "    longhorn needs it on pc:",
      "      sudo apt-get install x",
      " 2. Deploy",
      "    pulumi up -s site-a",
      "    pulumi up -s site-b",
      "    pulumi up -s site-a   # once more, for what waits for the other site: longhorn",
      "    Then what stands at the end, once.",
    ]);
    const sites = { "site-a": waiting, "site-b": { ...nothing, afterwards: ["Trust the CA of site-b", "only here"] } };
    assert.deepEqual(afterFirstUp({ sites, topology, style: plain }), [
      "",
      "Once at each site, after its first `up`",
      "  Trust the CA of the site",
      "  site-b: only here",
    ]);
  });
});
