import assert from "node:assert/strict";
import { MissingError } from "../exit.ts";
import { checksumsFor, unstated } from "./checksums.ts";

const digest = "0d9c7a5e3b1f8264c0d9c7a5e3b1f8264c0d9c7a5e3b1f8264c0d9c7a5e3b1f8";

describe("checksums of a new fleet", () => {
  it("are asked for only where Isthmus states none and nobody gave one", async () => {
    const asked: string[] = [];
    const get = (url: string): Promise<string> => {
      asked.push(url);
      return Promise.resolve(`${"a".repeat(64)}  k3s-airgap-images-arm64.tar\n${digest}  k3s-arm64\n`);
    };
    assert.deepEqual(unstated(["amd64", "amd64"]), []);
    assert.deepEqual(await checksumsFor(["amd64"], {}, get), {});
    assert.deepEqual(await checksumsFor(["arm64", "amd64"], { arm64: digest }, get), { arm64: digest });
    assert.deepEqual(asked, []);
    if (unstated(["arm64"]).length === 0) return;
    assert.deepEqual(await checksumsFor(["arm64"], {}, get), { arm64: digest });
    assert.match(
      asked.join(),
      /^https:\/\/github\.com\/k3s-io\/k3s\/releases\/download\/v[0-9.]+%2Bk3s\d+\/sha256sum-arm64\.txt$/,
    );
  });

  it("are missing where their publisher is not reached, or has no such line: they are given by hand then", async function () {
    if (unstated(["arm64"]).length === 0) return this.skip();
    const isMissing = (said: RegExp) => (error: unknown) => error instanceof MissingError && said.test(error.message);
    await assert.rejects(
      checksumsFor(["arm64"], {}, () => Promise.reject(new Error("fetch failed"))),
      isMissing(/is not reached \(fetch failed\)\. Give its line k3s-arm64 yourself: --checksum arm64=SHA256/),
    );
    await assert.rejects(
      checksumsFor(["arm64"], {}, () => Promise.resolve("<html>Log in</html>")),
      isMissing(/has no line for k3s-arm64/),
    );
  });
});
