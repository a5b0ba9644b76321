import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "@isthmus/core";
import { kubernetesVersion, pullDefinitions, readDefinitions } from "./schema-file.ts";

describe("Kubernetes' own schema", () => {
  let sources = "";
  beforeEach(() => {
    sources = join(mkdtempSync(join(tmpdir(), "isthmus-schema-")), "charts");
  });
  afterEach(() => {
    rmSync(join(sources, ".."), { recursive: true });
  });

  const answers = (status: number, body: string) => {
    const asked: string[] = [];
    const get = async (url: string): Promise<Response> => {
      asked.push(url);
      return Promise.resolve(new Response(body, { status }));
    };
    return { asked, get };
  };

  it("is that of the version in k3s, fetched once from the release's own tree", async () => {
    const { asked, get } = answers(200, '{"definitions":{"a":{"type":"object"}}}');
    const version = kubernetesVersion("v1.34.3+k3s1");
    await pullDefinitions(sources, version, get);
    await pullDefinitions(sources, version, get);
    assert.deepEqual(asked, [
      "https://raw.githubusercontent.com/kubernetes/kubernetes/v1.34.3/api/openapi-spec/swagger.json",
    ]);
    assert.deepEqual(readDefinitions(sources, version), { a: { type: "object" } });
  });

  it("is missed with what to do, and nothing is kept of an answer that is another thing", async () => {
    assert.throws(
      () => readDefinitions(sources, "v1.34.3"),
      /kubernetes-v1\.34\.3\.json is not there: .* let --pull fetch it/,
    );
    await assert.rejects(pullDefinitions(sources, "v9.9.9", answers(404, "").get), (error: Error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, /answers 404: is v9\.9\.9 a release of Kubernetes\?/);
      return true;
    });
    await assert.rejects(pullDefinitions(sources, "v1.34.3", answers(200, "{}").get), /it has no definitions/);
    assert.throws(() => readdirSync(sources));
  });
});
