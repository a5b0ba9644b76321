import assert from "node:assert/strict";
import fc from "fast-check";
import { markSecret, unknownMark } from "@isthmus/core";
import { kinds, messages, outcomes } from "../../fixtures/answers.ts";
import { deployment, release, resource, spoiled } from "../../fixtures/resources.ts";

import { noLatestImage as rule } from "./no-latest-image.ts";

const container = ["props", "spec", "template", "spec", "containers", 0, "image"];
const image = ["props", "values", "image"];
const place = "Deployment web/web: spec.template.spec.containers[0].image";

describe("no-latest-image", () => {
  describe("objects", () => {
    it("passes a digest and tags with a version, also behind a registry's port", () => {
      assert.deepEqual(kinds(outcomes(rule, deployment)), ["pass", "pass"]);
      const digest = `nginx@sha256:${"0".repeat(64)}`;
      assert.deepEqual(kinds(outcomes(rule, spoiled(deployment, container, digest))), ["pass", "pass"]);
      const both = `nginx:latest@sha256:${"0".repeat(64)}`;
      assert.deepEqual(kinds(outcomes(rule, spoiled(deployment, container, both))), ["pass", "pass"]);
    });

    const bad: readonly (readonly [string, string])[] = [
      ["nginx", `${place} uses nginx without a tag or a digest, which means "latest"`],
      ["nginx:latest", `${place} uses nginx with the tag "latest", which can be another version on every node`],
      ["host:5000/nginx", `${place} uses host:5000/nginx without a tag or a digest, which means "latest"`],
    ];
    for (const [value, message] of bad) {
      it(`refuses ${value}`, () => {
        assert.deepEqual(messages(outcomes(rule, spoiled(deployment, container, value))), [message]);
      });
    }

    it("looks at init containers, image volumes and cron jobs", () => {
      const early = ["props", "spec", "template", "spec", "initContainers", 0, "image"];
      assert.equal(messages(outcomes(rule, spoiled(deployment, early, "wait"))).length, 1);
      const volumes = [{ name: "data", image: { reference: "example/data:latest", pullPolicy: "Always" } }];
      const withVolume = spoiled(deployment, ["props", "spec", "template", "spec", "volumes"], volumes);
      assert.equal(messages(outcomes(rule, withVolume)).length, 1);
      const spec = { jobTemplate: { spec: { template: { spec: { containers: [{ image: "backup" }] } } } } };
      const job = resource("kubernetes:batch/v1:CronJob", "backup", { metadata: { name: "backup" }, spec });
      assert.deepEqual(messages(outcomes(rule, job)), [
        'CronJob backup: spec.jobTemplate.spec.template.spec.containers[0].image uses backup without a tag or a digest, which means "latest"',
      ]);
    });

    it("looks at custom resources that name images, such as a PostgreSQL cluster", () => {
      const cluster = resource("kubernetes:postgresql.cnpg.io/v1:Cluster", "pg", {
        kind: "Cluster",
        metadata: { name: "pg" },
        spec: { imageName: "ghcr.io/cloudnative-pg/postgresql:latest" },
      });
      assert.deepEqual(messages(outcomes(rule, cluster)), [
        'Cluster pg: spec.imageName uses ghcr.io/cloudnative-pg/postgresql with the tag "latest", which can be another version on every node',
      ]);
    });

    it("leaves alone what only looks like an image", () => {
      for (const kind of ["ConfigMap", "Secret", "CustomResourceDefinition"]) {
        const object = resource(`kubernetes:core/v1:${kind}`, "x", { kind, data: { image: "nginx" } });
        assert.deepEqual(outcomes(rule, object), [{ kind: "not-applicable", reason: "it runs nothing" }]);
      }
      const issuer = resource("kubernetes:cert-manager.io/v1:Issuer", "x", { kind: "Issuer", spec: {} });
      assert.deepEqual(outcomes(rule, issuer), [{ kind: "not-applicable", reason: "it names no image" }]);
    });

    it("says unknown of an image that only the deployment knows", () => {
      const open = outcomes(rule, spoiled(deployment, container, unknownMark));
      const why = "spec.template.spec.containers[0].image is known only when it is deployed";
      assert.deepEqual(open[1], { kind: "unknown", why });
    });
  });

  describe("chart values", () => {
    it("passes images in parts and as a whole", () => {
      assert.deepEqual(kinds(outcomes(rule, release)), ["pass", "pass"]);
    });

    it("refuses a latest tag, in parts and as a whole", () => {
      assert.deepEqual(messages(outcomes(rule, spoiled(release, [...image, "tag"], "latest"))), [
        'Release shop: values.image uses ghcr.io/example/shop with the tag "latest", which can be another version on every node',
      ]);
      assert.deepEqual(messages(outcomes(rule, spoiled(release, ["props", "values", "sidecar", "image"], "proxy"))), [
        'Release shop: values.sidecar.image uses proxy without a tag or a digest, which means "latest"',
      ]);
      assert.equal(
        messages(outcomes(rule, spoiled(release, ["props", "values", "operator"], { tag: "latest" }))).length,
        1,
      );
    });

    it("says that the chart decides where the values leave the tag or the image to it", () => {
      assert.deepEqual(outcomes(rule, spoiled(release, [...image, "tag"], undefined))[0], {
        kind: "decided-by-chart",
        why: "Release shop: values.image leaves the tag to chart shop 1.4.0",
      });
      assert.deepEqual(outcomes(rule, spoiled(release, ["props", "values"], { replicas: 2 })), [
        { kind: "decided-by-chart", why: "the values of Release shop set no image; chart shop 1.4.0 does" },
      ]);
      const template = spoiled(release, ["props", "values", "sidecar", "image"], "proxy:{{ .Chart.AppVersion }}");
      assert.deepEqual(kinds(outcomes(rule, template)), ["pass", "decided-by-chart"]);
    });

    it("reads a tag that stands beside the image, as a number, with its digest, or in the repository", () => {
      const values = (value: unknown) => kinds(outcomes(rule, spoiled(release, ["props", "values"], value)));
      assert.deepEqual(values({ image: "nginx", imageTag: "1.29" }), ["pass"]);
      assert.deepEqual(values({ image: "nginx", tag: "latest" }), ["fail"]);
      assert.deepEqual(values({ agentImage: { repository: "vault", tag: 2 } }), ["pass"]);
      assert.deepEqual(values({ image: { repository: "x", tag: `latest@sha256:${"1".repeat(64)}` } }), ["pass"]);
      assert.deepEqual(values({ image: { repository: "x", sha: "1".repeat(64) } }), ["pass"]);
      assert.deepEqual(values({ image: { repository: "x:latest" } }), ["fail"]);
      assert.deepEqual(values({ image: { longhorn: { engine: { registry: "r", repository: "x", tag: "latest" } } } }), [
        "fail",
      ]);
    });

    it("leaves alone what the engine notes down for itself in a state", () => {
      const noted = { __defaults: [], image: { repository: "x", tag: "1", __defaults: { image: "y" } } };
      assert.deepEqual(kinds(outcomes(rule, spoiled(release, ["props", "values"], noted))), ["pass"]);
    });

    it("reads values that are written down as YAML in a text", () => {
      const text = "- name: dump\n  image: example/dump:latest\n  command: [dump]\n";
      assert.deepEqual(messages(outcomes(rule, spoiled(release, ["props", "values", "extraContainers"], text))), [
        'Release shop: values.extraContainers[0].image uses example/dump with the tag "latest", which can be another version on every node',
      ]);
    });

    it("says unknown of values, files of values and tags that it cannot read, also of encrypted ones", () => {
      assert.deepEqual(kinds(outcomes(rule, spoiled(release, ["props", "values"], unknownMark))), ["unknown"]);
      assert.deepEqual(kinds(outcomes(rule, spoiled(release, ["props", "valueYamlFiles"], [{}]))), ["unknown"]);
      assert.deepEqual(kinds(outcomes(rule, spoiled(release, [...image, "tag"], unknownMark))), ["unknown", "pass"]);
      const secret = spoiled({ ...markSecret("latest"), ciphertext: "v1:…" }, ["value"], undefined);
      assert.deepEqual(kinds(outcomes(rule, spoiled(release, [...image, "tag"], secret))), ["unknown", "pass"]);
      assert.deepEqual(
        kinds(outcomes(rule, spoiled(release, ["props", "values"], markSecret({ image: "x:latest" })))),
        ["fail"],
      );
    });

    it("finds an image wherever it is nested", () => {
      const keys = fc.array(
        fc.stringMatching(/^[a-z]{1,8}$/).filter((key) => !/image|tag/.test(key)),
        { maxLength: 6 },
      );
      const shapes = fc.constantFrom<unknown>(
        { image: "example/app:latest" },
        { image: "example/app" },
        { image: { repository: "example/app", tag: "latest" } },
        { serverImage: { repository: "example/app", tag: "latest" } },
        [{ name: "x", image: "example/app" }],
      );
      fc.assert(
        fc.property(keys, shapes, fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }), (path, shape, listed) => {
          const values = path.reduceRight<unknown>(
            (inner, key, at) => ({ [key]: listed[at] ? [1, inner] : inner }),
            shape,
          );
          const found = outcomes(rule, spoiled(release, ["props", "values"], { top: values }));
          assert.deepEqual(kinds(found), ["fail"]);
        }),
      );
    });
  });

  it("takes further tags to refuse and images that may do without", () => {
    const stable = spoiled(deployment, container, "nginx:stable");
    assert.deepEqual(messages(outcomes(rule, stable)), []);
    assert.equal(messages(outcomes(rule, stable, { settings: { forbiddenTags: ["stable"] } })).length, 1);
    const allowed = { settings: { allowedImages: ["nginx"] } };
    assert.deepEqual(messages(outcomes(rule, spoiled(deployment, container, "nginx"), allowed)), []);
    assert.equal(messages(outcomes(rule, spoiled(deployment, container, "nginx2"), allowed)).length, 1);
  });
});
