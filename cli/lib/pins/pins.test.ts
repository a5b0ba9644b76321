import assert from "node:assert/strict";
import { join } from "node:path";
import type { StatedDigest } from "@isthmus/core";
import { imageDigests } from "@isthmus/helm";
import { fleetOrRefuse } from "../../../plan/stack-files.ts";
import { readKept } from "../charts/kept.ts";
import { digestOf, startRegistry } from "../registry/registry-stand-in.ts";
import { overTheNet, resolveImage } from "../registry/resolve.ts";
import { pinsLine, usedImages } from "./images.ts";
import { outcomeOf, outcomesText, pinsText } from "./resolved.ts";

const project = join(import.meta.dirname, "../../..");
const fleet = fleetOrRefuse(project);
const pinOf = (digest: string): StatedDigest => ({
  digest,
  of: "an image",
  source: "https://quay.io/v2/metallb/speaker/manifests/v0.16.1",
  compared: { on: "2026-11-28", how: "made up for this test" },
});
const speaker = "quay.io/metallb/speaker:v0.16.1";

describe("images of the default stacks", () => {
  const images = usedImages(fleet, (site) => readKept(project, site), { [speaker]: pinOf("a".repeat(64)) });
  const named = new Map(images.map((one) => [one.image, one]));

  it("are those of charts, of our own objects, and those that operators are told to start, each once", () => {
    for (const [image, by] of [
      [speaker, ["metallb"]],
      ["docker.io/traefik:v3.7.11", ["traefik-private", "traefik-public"]],
      ["docker.io/nginxinc/nginx-unprivileged:1.28.0-alpine", ["monitoring"]],
      ["ghcr.io/cloudnative-pg/postgresql:18.4-standard-trixie", ["cloudnative-pg"]],
      ["docker.io/longhornio/longhorn-instance-manager:v1.12.1", ["longhorn"]],
      ["ghcr.io/cloudnative-pg/plugin-barman-cloud-sidecar:v0.13.0", ["cloudnative-pg-barman-cloud"]],
    ] as const)
      assert.deepEqual(named.get(image)?.by, by, image);
    assert.equal(images.length, named.size);
    assert.equal(named.get(speaker)?.pin?.digest, "a".repeat(64));
  });

  it("have no digest left over from a tag that nothing runs any more, as after a new version of Renovate's", () => {
    const unused = (pins: object) => Object.keys(pins).filter((image) => !named.has(image));
    assert.deepEqual(unused(imageDigests), []);
    assert.deepEqual(unused({ [speaker]: 1, "quay.io/metallb/speaker:v0.15.0": 1 }), [
      "quay.io/metallb/speaker:v0.15.0",
    ]);
  });

  it("are listed with their pins, and how many have none in one line", () => {
    assert.match(pinsText(images), new RegExp(`${speaker}\n    sha256:a{64}, run by metallb\n`));
    assert.match(
      pinsText(images),
      /docker\.io\/traefik:v3\.7\.11\n {4}not pinned, run by traefik-private, traefik-public/,
    );
    const all = images.length;
    assert.equal(
      pinsLine(images),
      `${String(all - 1)} of ${String(all)} images are pinned by no digest: npm run pins lists them`,
    );
    assert.equal(pinsLine(images.slice(0, 0)), "all 0 images are pinned by digest");
  });
});

describe("what a registry says of an image", () => {
  const platform = (architecture: string) => ({ platform: { os: "linux", architecture } });
  const index = JSON.stringify({ manifests: [platform("amd64"), platform("arm64")] });
  const type = "application/vnd.oci.image.index.v1+json";
  const digest = digestOf(index).slice("sha256:".length);

  it("is what would stand in pins.ts, with its source and the day, and is held against what stands there", async () => {
    const registry = await startRegistry({ images: { "a/b:v1": { type, body: index } }, wantsToken: true });
    try {
      const image = `${registry.host}/a/b:v1`;
      const resolved = await resolveImage(image, overTheNet);
      const entry = {
        digest,
        of: image,
        source: `http://${registry.host}/v2/a/b/manifests/v1`,
        compared: {
          on: "2026-11-28",
          how: "asked of the registry by npm run pins, and the index that it gave has this digest",
        },
      };
      assert.deepEqual(outcomeOf({ image, by: [] }, resolved, "2026-11-28"), { image, entry });
      assert.deepEqual(outcomeOf({ image, by: [], pin: pinOf(digest) }, resolved, "2026-11-28"), { image, entry });
      const old = outcomeOf({ image, by: [], pin: pinOf("b".repeat(64)) }, resolved, "2026-11-28");
      assert.equal(old.problem, `its pin is ${"b".repeat(64)}, and the registry's tag has ${digest} by now`);
      assert.ok(outcomesText([{ image, entry }]).startsWith(`  "${image}": {\n    "digest": "${digest}",\n`));
    } finally {
      await registry.close();
    }
  });

  it("is a problem where a platform of the fleet is missing, or where it says nothing", () => {
    const of = (resolved: Parameters<typeof outcomeOf>[1]): unknown =>
      outcomeOf({ image: "a", by: [] }, resolved, "2026-11-28");
    assert.deepEqual(of({ digest: `sha256:${digest}`, source: "x", platforms: ["linux/amd64"] }), {
      image: "a",
      problem: "it is not there for linux/arm64; there are linux/amd64",
    });
    assert.deepEqual(of({ digest: `sha256:${digest}`, source: "x", platforms: [] }), {
      image: "a",
      problem: "its digest is that of one platform's image, and the fleet has amd64 and arm64",
    });
    assert.equal(outcomesText([outcomeOf({ image: "a", by: [] }, { problem: "gone" }, "2026-11-28")]), "a: gone");
  });
});
