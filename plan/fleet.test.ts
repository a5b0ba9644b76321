import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Assessment } from "@isthmus/availability";
import { load } from "../config/load.ts";
import { sampleModel } from "../config/testing.ts";
import { catalogue } from "./catalogue.ts";
import { planFleet } from "./fleet.ts";
import type { FleetPlan } from "./plans.ts";

const platform = join(import.meta.dirname, "..", "config", "fixtures", "valid", "platform-on-four-pcs");

/** The plan of the platform on four PCs, with its stack file changed as text. */
function planWith(change: (text: string) => string): FleetPlan {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-plan-"));
  try {
    for (const file of readdirSync(platform)) {
      const text = readFileSync(join(platform, file), "utf8");
      const changed = file === "Pulumi.yaml" ? text : change(text);
      writeFileSync(join(folder, file), changed);
    }
    const loaded = load(folder, catalogue);
    assert.ok("model" in loaded, JSON.stringify("findings" in loaded && loaded.findings));
    return planFleet(loaded.model);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What every failure does to a service, without what only its name decides. */
function verdicts({ assessments }: FleetPlan, service: string) {
  return assessments
    .filter((each) => each.service === `home/${service}`)
    .map(({ failure, during, after, returns }: Assessment) => ({
      failure,
      during,
      after,
      returns: returns.by === "person" ? { by: returns.by, steps: returns.steps.length } : returns.by,
    }));
}

describe("verdicts", () => {
  const before = planWith((text) => text);

  it("are in order before anything is changed", () => {
    assert.deepEqual(before.findings, []);
    assert.ok(verdicts(before, "vault").length > 0);
  });

  it("do not change when a service gets another name", () => {
    for (const [name, other] of [
      ["vault", "keeper"],
      ["longhorn", "volumes"],
      ["minio", "store"],
      ["traefik", "proxy"],
    ] as const) {
      const after = planWith((text) =>
        text
          .replace(`      ${name}: {`, `      ${other}: { service: ${name},`)
          .replace(/(longhorn|volumes): \{ service: longhorn,\}/, `${other}: { service: longhorn }`)
          .replace(`${name}: [`, `${other}: [`),
      );
      assert.deepEqual(after.findings, [], name);
      assert.ok(
        after.sites[0]!.services.some(({ instance, service }) => instance === other && service === name),
        name,
      );
      assert.deepEqual(verdicts(after, other), verdicts(before, name));
      for (const { instance } of before.sites[0]!.services.filter((plan) => plan.instance !== name)) {
        assert.deepEqual(
          verdicts(after, instance),
          verdicts(before, instance),
          `${instance} after ${name} was renamed`,
        );
      }
    }
  });

  it("change when a service gets fewer voters", () => {
    const after = planWith((text) =>
      text.replace("vault: { reach", "vault: { voters: 1, reach").replace("vault: [node, link]", "vault: [link]"),
    );
    assert.deepEqual(after.findings, []);
    assert.notDeepEqual(verdicts(after, "vault"), verdicts(before, "vault"));
    const worstOfNode = (plan: FleetPlan) =>
      new Set(
        verdicts(plan, "vault")
          .filter(({ failure }) => failure.kind === "node")
          .map(({ after: state }) => state),
      );
    assert.ok(worstOfNode(after).has("down"));
    assert.ok(!worstOfNode(before).has("down"));
  });

  it("refuse a promise that fewer voters break", () => {
    const after = planWith((text) => text.replace("vault: { reach", "vault: { voters: 1, reach"));
    assert.deepEqual(
      after.findings.map(({ rule, at }) => ({ rule, at })),
      [{ rule: "broken-promise", at: "Pulumi.home.yaml#/promises/vault" }],
    );
  });
});

describe("a fleet's plan", () => {
  it("is the same for the same stack files", () => {
    const [one, two] = [planFleet(sampleModel("two-sites", catalogue)), planFleet(sampleModel("two-sites", catalogue))];
    assert.deepEqual(
      one.sites.map(({ services, dnsRecords }) => ({ services, dnsRecords })),
      two.sites.map(({ services, dnsRecords }) => ({ services, dnsRecords })),
    );
  });

  it("knows what waits for another site", () => {
    const { sites } = planFleet(sampleModel("two-sites", catalogue));
    assert.deepEqual(
      sites.map(({ links }) => links),
      [
        [{ site: "cabin", item: "peer-cabin", service: "links" }],
        [{ site: "home", item: "peer-home", service: "links" }],
      ],
    );
    assert.deepEqual(planFleet(sampleModel("three-raspberry-pis", catalogue)).sites[0]!.links, []);
  });

  it("tells each cluster's own DNS the names of both sites' services, and their addresses", () => {
    const { sites } = planFleet(sampleModel("reached-over-the-overlay", catalogue));
    for (const { services } of sites) {
      const links = services.find(({ instance }) => instance === "links");
      const names = links?.objects.find(({ id }) => id === "names")?.manifest;
      assert.deepEqual(names?.metadata, { name: "coredns-custom", namespace: "kube-system" });
      const text = String((names["data"] as Record<string, unknown>)["isthmus.server"]);
      assert.deepEqual(
        [...text.matchAll(/^ {8}(10\S+ \S+)$/gm)].map(([, line]) => line),
        [
          "10.147.17.11 metrics.home.home.arpa",
          "10.147.17.12 metrics.home.home.arpa",
          "10.147.17.21 metrics.cabin.home.arpa",
          "10.147.17.22 metrics.cabin.home.arpa",
        ],
      );
    }
  });

  it("gives the other site a name and a port that its pods can resolve and reach", () => {
    const { sites } = planFleet(sampleModel("reached-over-the-overlay", catalogue));
    const endpoints = sites.map(
      ({ services }) => services.find(({ instance }) => instance === "monitoring")?.exports.metrics?.endpoint,
    );
    assert.deepEqual(endpoints, ["metrics.home.home.arpa:30030", "metrics.cabin.home.arpa:30030"]);
  });

  it("names every secret that its site needs, and says which are there", () => {
    const secretsOf = (fixture: string) => planFleet(sampleModel(fixture, catalogue)).sites[0]!.secrets;
    assert.deepEqual(secretsOf("external-api-and-secrets"), [
      { name: "sshKey", for: "SSH to the machines", present: true },
    ]);
    assert.deepEqual(secretsOf("vms-on-proxmox"), [
      { name: "proxmoxSshKey", for: "cloud-init files on the Proxmox hosts", present: false },
      { name: "proxmoxToken", for: "the Proxmox API", present: false },
      { name: "sshKey", for: "SSH to the machines", present: false },
    ]);
    const tokens = "the tokens of the adopted cluster";
    assert.deepEqual(secretsOf("adopted-behind-a-mirror"), [
      { name: "k3sAgentToken", for: tokens, present: false },
      { name: "k3sToken", for: tokens, present: true },
      { name: "registryPassword", for: "the login at registry.home.arpa", present: false },
      { name: "sshKey", for: "SSH to the machines", present: true },
    ]);
    const names = secretsOf("public-routes").map(({ name }) => name);
    assert.deepEqual(names, ["cloudflareToken", "publicUsers", "sshKey"]);
  });

  it("gives every machine, address and route a name in DNS, sorted", () => {
    const recordsOf = (fixture: string) =>
      planFleet(sampleModel(fixture, catalogue)).sites[0]!.dnsRecords.map(
        ({ name, value, ttl }) => `${name} ${ttl} ${value}`,
      );
    assert.deepEqual(recordsOf("two-sites"), [
      "api.home.home.arpa 60 10.0.20.5",
      "home-1.home.home.arpa 3600 10.0.20.11",
      "home-1.overlay.home.home.arpa 3600 10.147.17.11",
      "home-2.home.home.arpa 3600 10.0.20.12",
      "home-2.overlay.home.home.arpa 3600 10.147.17.12",
    ]);
    const platformRecords = recordsOf("platform-on-four-pcs");
    assert.ok(platformRecords.includes("vault.home.home.arpa 60 10.0.20.201"), "the address of a service");
    assert.ok(platformRecords.includes("grafana.home.home.arpa 60 10.0.20.200"), "a route, by way of its ingress");
    const reached = recordsOf("reached-over-the-overlay").filter((record) => record.startsWith("metrics."));
    assert.deepEqual(reached, ["metrics.home.home.arpa 60 10.147.17.11", "metrics.home.home.arpa 60 10.147.17.12"]);
    // An API at a name of its own needs none of ours.
    assert.deepEqual(
      recordsOf("external-api-and-secrets").filter((record) => record.startsWith("api.")),
      [],
    );
  });
});
