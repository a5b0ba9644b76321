import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { UserError } from "@isthmus/core";
import { evaluate } from "./evaluate.ts";
import {
  compliant,
  deployment,
  ingressRoute,
  release,
  service,
  site,
  spoiled,
  stackWith,
} from "./fixtures/resources.ts";
import { fromState } from "./state-file.ts";

const counts = { pass: 0, fail: 0, decidedByChart: 0, notApplicable: 0, unknown: 0 };
const latest = spoiled(deployment, ["props", "spec", "template", "spec", "containers", 0, "image"], "nginx:latest");

describe("evaluate", () => {
  it("counts the answers of each rule", () => {
    const { rules, failures, blocked } = evaluate(compliant);
    assert.deepEqual(Object.fromEntries(rules.map((rule) => [rule.rule, rule.counts])), {
      "etcd-on-distinct-hosts": { ...counts, pass: 1 },
      "no-latest-image": { ...counts, pass: 4, notApplicable: 3 },
      "no-secret-in-chart-values": { ...counts, pass: 1 },
      "public-route-protected": { ...counts, pass: 1, notApplicable: 1 },
      "stored-data-backed-up": { ...counts, pass: 2 },
    });
    assert.deepEqual([failures, blocked], [[], false]);
  });

  it("counts what the chart decides apart, and what is unknown", () => {
    const { rules } = evaluate(stackWith(spoiled(release, ["props", "values"], {})));
    assert.deepEqual(rules.find((rule) => rule.rule === "no-latest-image")?.counts, {
      ...counts,
      pass: 2,
      decidedByChart: 1,
      notApplicable: 3,
    });
  });

  it("lists a violation with the nearest place in the stack files", () => {
    assert.deepEqual(evaluate(stackWith(latest)).failures, [
      {
        rule: "no-latest-image",
        severity: "high",
        enforcement: "mandatory",
        message:
          'Deployment web/web: spec.template.spec.containers[0].image uses nginx with the tag "latest", which can be another version on every node',
        fix: "Name the version that is meant, by a tag or a digest.",
        urn: latest.urn,
        from: "Pulumi.site-a.yaml#/services/shop",
      },
    ]);
    assert.equal(evaluate(stackWith(latest)).blocked, true);
    const [orphan] = evaluate([{ ...latest, parent: undefined }]).failures;
    assert.ok(orphan !== undefined && !("from" in orphan));
    const [ofSite] = evaluate([{ ...latest, parent: site.urn }, site]).failures;
    assert.equal(ofSite?.from, "Pulumi.site-a.yaml#");
  });

  it("survives parents in a circle", () => {
    const one = { ...service, props: {}, parent: latest.urn };
    assert.equal(evaluate([{ ...latest, parent: one.urn }, one]).failures[0]?.from, undefined);
  });

  it("goes by the configuration: levels, all, settings", () => {
    const stack = stackWith(latest);
    const level = (config: unknown) => {
      const { failures, blocked } = evaluate(stack, { config });
      return [failures.map((failure) => failure.enforcement), blocked];
    };
    assert.deepEqual(level({ "no-latest-image": "advisory" }), [["advisory"], false]);
    assert.deepEqual(level({ "no-latest-image": "disabled" }), [[], false]);
    assert.deepEqual(level({ all: "advisory" }), [["advisory"], false]);
    assert.deepEqual(level({ all: "disabled", "no-latest-image": "mandatory" }), [["mandatory"], true]);
    const allowed = { enforcementLevel: "mandatory", allowedImages: ["nginx"] };
    assert.deepEqual(level({ "no-latest-image": allowed }), [[], false]);
  });

  it("says everything that is wrong with a configuration, with the place and the fix", () => {
    const config = {
      "no-latest-images": "advisory",
      "no-latest-image": { forbiddenTags: "latest", tags: [] },
      "stored-data-backed-up": "sometimes",
    };
    assert.throws(
      () => evaluate([], { config, configFile: "policy.json" }),
      (error: unknown) => {
        assert.ok(error instanceof UserError);
        assert.deepEqual(
          error.findings.map(({ at, problem }) => `${at} ${problem}`),
          [
            'policy.json#/no-latest-images there is no rule "no-latest-images"',
            'policy.json#/no-latest-image/forbiddenTags Invalid input: expected array, received string; it says "latest"',
            'policy.json#/no-latest-image Unrecognized key: "tags"; it says {"forbiddenTags":"latest","tags":[]}',
            'policy.json#/stored-data-backed-up "sometimes" is no setting of a rule',
          ],
        );
        assert.equal(error.findings[0]?.fix, "Did you mean no-latest-image?");
        return true;
      },
    );
    assert.throws(() => evaluate([], { config: ["x"] }), /the configuration of the policies has mistakes/);
  });

  it("takes time in proportion to the resources", () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ ...ingressRoute, urn: `${ingressRoute.urn}-${index}` }));
    const time = (count: number) => {
      const stack = [...compliant, ...many(count)];
      const started = process.hrtime.bigint();
      evaluate(stack);
      return Number(process.hrtime.bigint() - started) / 1e6;
    };
    time(200);
    const [small, large] = [Math.min(time(500), time(500), time(500)), Math.min(time(2000), time(2000))];
    assert.ok(large < 4 * small * 3, `500 take ${small} ms, 2,000 take ${large} ms`);
  });

  it("loads nothing of Pulumi, so that preview stays fast", () => {
    const script =
      'import { createRequire } from "node:module"; await import("./index.ts");' +
      "console.log(JSON.stringify(Object.keys(createRequire(import.meta.url).cache).filter((file) => file.includes('@pulumi'))));";
    const args = ["--import", "tsx", "--input-type=module", "-e", script];
    const run = spawnSync(process.execPath, args, { cwd: import.meta.dirname, encoding: "utf8" });
    assert.equal(run.stdout.trim(), "[]", run.stderr);
  });
});

describe("fromState", () => {
  it("reads what pulumi stack export writes", () => {
    const [pending, kept] = [{ ...latest, urn: "urn:x::old" }, latest];
    const resources = [
      { urn: service.urn, type: service.type, inputs: service.props, outputs: {} },
      { urn: kept.urn, type: kept.type, parent: service.urn, inputs: kept.props },
      { urn: pending.urn, type: pending.type, inputs: pending.props, delete: true },
      { urn: "urn:pulumi:a::b::pulumi:pulumi:Stack::b-a", type: "pulumi:pulumi:Stack" },
    ];
    const read = fromState({ version: 3, deployment: { resources } });
    assert.deepEqual(
      read.map((one) => one.name),
      ["shop", "web", "b-a"],
    );
    assert.equal(evaluate(read).failures[0]?.from, "Pulumi.site-a.yaml#/services/shop");
  });

  it("says what is no state", () => {
    assert.throws(() => fromState({ resources: [] }), /this is no state of a stack/);
  });
});
