import assert from "node:assert/strict";
import { imageReference } from "./image-reference.ts";
import { digestOf, startRegistry, type LocalRegistry, type StandIn } from "./registry-stand-in.ts";
import { overTheNet, resolveImage } from "./resolve.ts";

const platform = (os: string, architecture: string) => ({
  digest: digestOf(architecture),
  platform: { os, architecture },
});
const index = JSON.stringify({
  schemaVersion: 2,
  manifests: [platform("linux", "arm64"), platform("linux", "amd64"), platform("unknown", "unknown")],
});
const indexType = "application/vnd.oci.image.index.v1+json";
const images = {
  "team/app:v1": { type: indexType, body: index },
  "team/app:v2": {
    type: "application/vnd.docker.distribution.manifest.list.v2+json",
    body: index.replace("arm64", "arm"),
  },
  "team/single:v1": { type: "application/vnd.oci.image.manifest.v1+json", body: '{"schemaVersion":2}' },
  "team/odd:v1": { type: indexType, body: "no json" },
};

describe("an image of a registry", () => {
  let registry: LocalRegistry;
  const waited: number[] = [];
  const patience = { ...overTheNet, wait: async (seconds: number) => Promise.resolve(waited.push(seconds)) };
  const start = async (how: Omit<StandIn, "images"> = {}): Promise<void> => {
    registry = await startRegistry({ images, ...how });
  };
  const resolve = async (name: string) => resolveImage(`${registry.host}/${name}`, patience);
  afterEach(async () => {
    waited.length = 0;
    await registry.close();
  });

  const both = ["linux/amd64", "linux/arm64"];

  it("has the digest of its index, asked by HEAD first, and the platforms that are in it", async () => {
    await start();
    const source = `http://${registry.host}/v2/team/app/manifests/v1`;
    assert.deepEqual(await resolve("team/app:v1"), { digest: digestOf(index), source, platforms: both });
    assert.deepEqual(registry.asked, [
      "HEAD /v2/team/app/manifests/v1",
      `GET /v2/team/app/manifests/${digestOf(index)}`,
    ]);
    assert.deepEqual(await resolve("team/app:v2").then((one) => "platforms" in one && one.platforms), [
      "linux/amd64",
      "linux/arm",
    ]);
  });

  it("is asked for with a token where the registry wants one: of anybody, for this repository", async () => {
    await start({ wantsToken: true });
    assert.ok("digest" in (await resolve("team/app:v1")));
    assert.equal(registry.asked[1], "GET /token?service=stand-in&scope=repository%3Ateam%2Fapp%3Apull");
  });

  it("is hashed by ourselves where the registry has no HEAD, or names no digest", async () => {
    await start({ withoutHead: true });
    const without = await resolve("team/app:v1");
    assert.equal("digest" in without && without.digest, digestOf(index));
    await registry.close();
    await start({ withoutDigestHeader: true });
    const unnamed = await resolve("team/app:v1");
    assert.equal("digest" in unnamed && unnamed.digest, digestOf(index));
  });

  it("is refused where what comes is not what the digest is of", async () => {
    await start({ forged: true });
    const found = await resolve("team/app:v1");
    assert.match("problem" in found ? found.problem : "", /names sha256:.* and what it gives has sha256:/);
  });

  it("of one platform has no list of them", async () => {
    await start();
    const found = await resolve("team/single:v1");
    assert.deepEqual("platforms" in found && found.platforms, []);
  });

  it("that is not there, or is none, is told", async () => {
    await start();
    assert.deepEqual(await resolve("team/app:v9"), { problem: "the registry has no such image" });
    assert.match(JSON.stringify(await resolve("team/odd:v1")), /gives an index that is none/);
  });

  it("is waited for as the registry asks, once and not too long", async () => {
    await start({ tooMany: { times: 1, retryAfter: "7" } });
    assert.ok("digest" in (await resolve("team/app:v1")));
    assert.deepEqual(waited, [7]);
    await registry.close();
    await start({ tooMany: { times: 9, retryAfter: "3600" } });
    assert.deepEqual(await resolve("team/app:v1"), {
      problem: "the registry was asked too often: ask again in 60 minutes",
    });
    assert.deepEqual(waited, [7]);
  });

  it("of a registry that is away is told with the reason", async () => {
    await start();
    const { host } = registry;
    await registry.close();
    const found = await resolveImage(`${host}/team/app:v1`, patience);
    assert.match("problem" in found ? found.problem : "", /cannot be reached: .*ECONNREFUSED/);
    await start();
  });
});

describe("an image's name", () => {
  const cases: readonly [string, object][] = [
    ["traefik:v3", { host: "docker.io", repository: "library/traefik", tag: "v3" }],
    ["docker.io/traefik:v3", { host: "docker.io", repository: "library/traefik", tag: "v3" }],
    ["grafana/grafana", { host: "docker.io", repository: "grafana/grafana", tag: "latest" }],
    ["quay.io/a/b/c:1", { host: "quay.io", repository: "a/b/c", tag: "1" }],
    ["localhost:5000/a:1", { host: "localhost:5000", repository: "a", tag: "1" }],
    ["ghcr.io/a/b:1@sha256:c", { host: "ghcr.io", repository: "a/b", tag: "1", digest: "sha256:c" }],
    ["ghcr.io/a/b@sha256:c", { host: "ghcr.io", repository: "a/b", digest: "sha256:c" }],
  ];
  for (const [text, expected] of cases)
    it(`says where it is: ${text}`, () => {
      assert.deepEqual(imageReference(text), expected);
    });
});
