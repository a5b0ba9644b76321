import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { revealedThroughout, UserError } from "@isthmus/core";
import { parseDocument } from "yaml";
import { validFleet } from "../../../config/cases.ts";
import type { FleetPlan, SitePlan } from "../../../plan/plans.ts";
import { fleetOrRefuse } from "../../../plan/stack-files.ts";
import { evaluate, type Failure } from "../../../policy/evaluate.ts";
import { kubernetesKind, type PolicyResource } from "../../../policy/resource.ts";
import { rules } from "../../../policy/rules.ts";
import { policyView } from "../../../program/policy-view.ts";
import { evaluatePolicies, policyFile, refuseViolations } from "../../../program/policies.ts";
import { registerInProcess } from "./in-process.ts";

const repository = join(import.meta.dirname, "../../..");
const stackFiles = new Map(
  ["Pulumi.yaml", "Pulumi.site-a.yaml", "Pulumi.site-b.yaml"].map((file) => [
    file,
    readFileSync(join(repository, file)),
  ]),
);

interface Edit {
  readonly path: readonly string[];
  readonly value: unknown;
}

/** A fleet's files in a folder of their own, with site A changed. */
async function withFiles<T>(
  files: ReadonlyMap<string, Buffer>,
  edits: readonly Edit[],
  use: (fleet: FleetPlan, folder: string) => T | Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-view-"));
  try {
    for (const [file, bytes] of files) writeFileSync(join(folder, file), bytes);
    const file = join(folder, "Pulumi.site-a.yaml");
    if (edits.length > 0) {
      const document = parseDocument(readFileSync(file, "utf8"));
      for (const { path, value } of edits) {
        const whole = ["config", "isthmus:site", ...path];
        if (value === undefined) document.deleteIn(whole);
        else document.setIn(whole, value);
      }
      writeFileSync(file, document.toString());
    }
    return await use(fleetOrRefuse(folder), folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Two etcd servers on one host; the promise that this breaks is not made, so that only the policy sees it. */
const serversOnOneHost: readonly Edit[] = [
  { path: ["promises"], value: undefined },
  { path: ["nodes", "k3s-a-server-2", "vm", "host"], value: "pve-a-1" },
];
/** Every policy has something to say of it, changed in a plan: stack files cannot say most of it. */
function spoilt(plan: SitePlan): SitePlan {
  const services = plan.services.map((service) => ({
    ...service,
    footprint: {
      ...service.footprint,
      workloads: service.footprint.workloads.map(({ stores, ...workload }) => ({
        ...workload,
        ...(stores === undefined ? {} : { stores: { ...stores, backup: { none: "put off for later" } } }),
      })),
    },
    releases: service.releases.map((release) => ({
      ...release,
      values: { ...release.values, image: { repository: "a/b", tag: "latest" }, adminPassword: "hunter2hunter2" },
    })),
    objects: service.objects.map((object) =>
      object.manifest.kind === "Middleware" ? { ...object, manifest: { ...object.manifest, spec: {} } } : object,
    ),
  }));
  return { ...plan, services };
}

const shownToRules = (resources: readonly PolicyResource[]): readonly PolicyResource[] =>
  resources.filter(
    (resource) => rules.some((rule) => rule.applies(resource)) && kubernetesKind(resource) !== "Namespace",
  );

/** A value with the text of `plan` wherever only a deployment knows better. */
function asFarAsKnown(value: unknown, plan: unknown): unknown {
  if (typeof plan === "string" && plan.includes("known after up")) return plan;
  if (typeof plan !== "object" || plan === null || typeof value !== "object" || value === null) return value;
  const parts: Readonly<Record<string, unknown>> = { ...plan };
  const entries = Object.entries(value).map(([key, inner]) => [key, asFarAsKnown(inner, parts[key])] as const);
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
}

/** In-process, a URN has the type of the nearest parent alone. */
const keyOf = ({ type, name }: Pick<PolicyResource, "type" | "name">): string => `${type}::${name}`;

const sorted = (failures: readonly Failure[]) =>
  failures
    .map((failure) => ({ ...failure, urn: failure.urn.split("::").at(-1) }))
    .sort((a, b) => `${a.rule} ${a.urn} ${a.message}`.localeCompare(`${b.rule} ${b.urn} ${b.message}`));

describe("what the program judges before it registers anything", function () {
  this.timeout(120_000);

  for (const [name, files] of [
    ["the default stacks", stackFiles] as const,
    ["public-routes", validFleet("public-routes")] as const,
    ["platform-on-four-pcs", validFleet("platform-on-four-pcs")] as const,
  ]) {
    it(`${name}: is what it registers, wherever a rule looks`, async () => {
      await withFiles(files, [], async (fleet) => {
        for (const plan of fleet.sites) {
          const view = new Map(policyView(plan).map((resource) => [keyOf(resource), resource]));
          const registered = shownToRules(await registerInProcess(fleet, plan));
          assert.ok(registered.length > 5);
          for (const resource of registered) {
            const seen = view.get(keyOf(resource));
            assert.ok(seen, keyOf(resource));
            assert.equal(seen.parent?.split("::").at(-1), resource.parent?.split("::").at(-1));
            // What a Secret holds is encoded when it is registered, and no rule looks at it.
            const parts = Object.keys(seen.props).filter((key) => key !== "stringData" && key !== "chart");
            assert.deepEqual(
              parts.map((key) => [key, asFarAsKnown(revealedThroughout(resource.props[key]), seen.props[key])]),
              parts.map((key) => [key, JSON.parse(JSON.stringify(seen.props[key])) as unknown]),
              keyOf(resource),
            );
          }
        }
      });
    });
  }

  it("gives the same violations, of every rule", async () => {
    await withFiles(stackFiles, serversOnOneHost, async (fleet) => {
      const [first] = fleet.sites;
      assert.ok(first);
      const plan = spoilt(first);
      const own = evaluate(policyView(plan)).failures;
      assert.deepEqual(sorted(own), sorted(evaluate(await registerInProcess(fleet, plan)).failures));
      assert.deepEqual([...new Set(own.map(({ rule }) => rule))].sort(), rules.map((rule) => rule.id).sort());
    });
  });

  it("is refused in the words of preview, each with file, line, key and fix", async () => {
    await withFiles(stackFiles, serversOnOneHost, (fleet) => {
      const [plan] = fleet.sites;
      assert.ok(plan);
      assert.throws(
        () => refuseViolations(fleet, plan),
        (error) =>
          error instanceof UserError &&
          /^1 thing is wrong in the stack files:\n\nPulumi\.site-a\.yaml:\d+: nodes\.k3s-a-server-\d: .*\[etcd-on-distinct-hosts\]\n {4}Move /.test(
            error.message,
          ),
      );
    });
  });

  it("goes by policy-config.json beside the stack files, as preview does", async () => {
    await withFiles(stackFiles, serversOnOneHost, (fleet, folder) => {
      const [plan] = fleet.sites;
      assert.ok(plan);
      writeFileSync(join(folder, policyFile), '{ "etcd-on-distinct-hosts": "advisory" }');
      assert.match(refuseViolations(fleet, plan) ?? "", /\[etcd-on-distinct-hosts\]/);
      assert.equal(evaluatePolicies(fleet, policyView(plan)).blocked, false);
      writeFileSync(join(folder, policyFile), '{ "etcd-on-distinct-hosts": "disabled" }');
      assert.equal(refuseViolations(fleet, plan), undefined);
      writeFileSync(join(folder, policyFile), '{ "etcd-on-distinct": "disabled" }');
      assert.throws(() => refuseViolations(fleet, plan), /policy-config\.json:1: .*"etcd-on-distinct"/);
      writeFileSync(join(folder, policyFile), "{");
      assert.throws(() => refuseViolations(fleet, plan), /policy-config\.json:1: it is not JSON/);
    });
  });
});
