import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { catalogue } from "../plan/catalogue.ts";
import { describeFindings } from "./describe.ts";
import { schemaRule } from "./shape-rules.ts";
import { load, type Loaded } from "./load.ts";
import { sampleModel } from "./testing.ts";

const twoSites = join(import.meta.dirname, "fixtures", "valid", "two-sites");

/** What comes of the two sites' files when some are changed as text, or taken away. */
function loadWith(changes: Readonly<Record<string, (text: string) => string | undefined>>): Loaded {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-load-"));
  try {
    for (const file of readdirSync(twoSites)) {
      const text = readFileSync(join(twoSites, file), "utf8");
      const changed = changes[file] === undefined ? text : changes[file](text);
      if (changed !== undefined) writeFileSync(join(folder, file), changed);
    }
    return load(folder, catalogue);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const places = (loaded: Loaded): string[] =>
  "findings" in loaded ? loaded.findings.map(({ rule, at }) => `${rule} ${at}`) : [];

describe("stack files as a model", () => {
  it("are complete, with defaults, in the order of the fleet", () => {
    const { fleet, sites } = sampleModel("two-sites", catalogue);
    assert.deepEqual(fleet.sites, ["home", "cabin"]);
    assert.deepEqual(
      sites.map(({ name }) => name),
      ["home", "cabin"],
    );
    const [home] = sites;
    assert.ok(home);
    assert.equal(home.workloadsOnServers, undefined);
    assert.deepEqual(home.hosts, {});
    assert.deepEqual(
      home.services.map(({ instance, service, args, from }) => ({ instance, service: service.name, args, from })),
      [{ instance: "metallb", service: "metallb", args: { pools: {} }, from: "Pulumi.home.yaml#/services/metallb" }],
    );
  });

  it("know that a secret is there, never what it is", () => {
    const [home] = sampleModel("external-api-and-secrets", catalogue).sites;
    assert.deepEqual(home?.secrets, { sshKey: { from: "Pulumi.home.yaml#/../isthmus:secrets/sshKey" } });
  });

  it("give back the files' own values, for comparing", () => {
    const { sources } = sampleModel("two-sites", catalogue);
    assert.deepEqual(sources.raw("Pulumi.yaml", ["config", "isthmus:fleet", "value", "sites"]), ["home", "cabin"]);
  });
});

describe("mistakes in stack files", () => {
  it("are told for all files at once, also where Pulumi.yaml itself is broken", () => {
    const loaded = loadWith({
      "Pulumi.yaml": (text) => text.replace("domain:", "domian:"),
      "Pulumi.home.yaml": (text) => text.replace("gateway:", "gatway:"),
      "Pulumi.cabin.yaml": () => "config: [",
    });
    assert.deepEqual(places(loaded), [
      "unknown-key Pulumi.yaml#/domian",
      "yaml-syntax Pulumi.cabin.yaml#",
      "unknown-key Pulumi.home.yaml#/networks/lan/gatway",
    ]);
    assert.ok("findings" in loaded);
    assert.match(
      describeFindings(loaded.findings, loaded.sources),
      /^3 things are wrong in the stack files:\n\nPulumi\.cabin\.yaml:1: /,
    );
  });

  it("are told with the place of the site that has no file", () => {
    const loaded = loadWith({ "Pulumi.cabin.yaml": () => undefined });
    assert.ok("findings" in loaded);
    assert.deepEqual(loaded.findings, [
      {
        rule: "missing-file",
        at: "Pulumi.cabin.yaml#",
        problem: "the file is not there",
        fix: "make it, or remove cabin from Pulumi.yaml (sites, place 2)",
      },
    ]);
  });

  it("are told for a key of ours in the wrong file, and not for keys of others", () => {
    const loaded = loadWith({
      "Pulumi.yaml": (text) =>
        text.replace("  isthmus:fleet:", "  aws:region: { value: eu-central-1 }\n  isthmus:site: {}\n  isthmus:fleet:"),
      "Pulumi.home.yaml": (text) =>
        text.replace("  isthmus:site:", "  proxmoxve:insecure: true\n  fleet: {}\n  isthmus:site:"),
    });
    assert.deepEqual(places(loaded), [
      "unknown-key Pulumi.yaml#/../../isthmus:site",
      "unknown-key Pulumi.home.yaml#/../fleet",
    ]);
  });

  it("are told sorted by file and line", () => {
    const { sources } = sampleModel("two-sites", catalogue);
    const finding = (at: `${string}#${string}`) => ({ rule: schemaRule.id, at, problem: "p", fix: "m" });
    const text = describeFindings(
      [
        finding("Pulumi.yaml#/state"),
        finding("Pulumi.home.yaml#/services"),
        finding("Pulumi.home.yaml#/networks"),
        finding("Pulumi.yaml#"),
      ],
      sources,
    );
    assert.deepEqual(
      text
        .split("\n")
        .filter((line) => line.startsWith("Pulumi"))
        .map((line) => line.split(" ")[0]),
      ["Pulumi.home.yaml:4:", "Pulumi.home.yaml:28:", "Pulumi.yaml:6:", "Pulumi.yaml:10:"],
    );
  });
});
