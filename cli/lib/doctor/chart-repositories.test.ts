import assert from "node:assert/strict";
import type { ChartPin } from "@isthmus/core";
import type { Fetch } from "../registry/ask.ts";
import { askForCharts } from "./chart-repositories.ts";

const longhorn: ChartPin = { name: "longhorn", version: "1.12.1", repository: "https://charts.longhorn.io" };
const traefik: ChartPin = { name: "traefik", version: "41.3.0", repository: "oci://ghcr.io/traefik/helm/traefik" };

/** What stands on the net, by URL; all else is not reached. Keeps what was asked. */
function net(answers: Readonly<Record<string, Response | ((options?: RequestInit) => Response)>>): {
  readonly get: Fetch;
  readonly asked: string[];
} {
  const asked: string[] = [];
  return {
    asked,
    get: (url, options) => {
      asked.push(url);
      const answer = answers[url];
      if (answer !== undefined) return Promise.resolve(typeof answer === "function" ? answer(options) : answer.clone());
      return Promise.reject(new TypeError("fetch failed", { cause: new Error("getaddrinfo ENOTFOUND") }));
    },
  };
}

const index = (version: string): Response =>
  new Response(`apiVersion: v1\nentries:\n  longhorn:\n    - version: ${version}\n      urls: [longhorn.tgz]\n`);
const indexUrl = "https://charts.longhorn.io/index.yaml";
const manifestUrl = "https://ghcr.io/v2/traefik/helm/traefik/manifests/41.3.0";

/** As ghcr.io and quay.io answer: nobody gets anything without a token, and anybody gets a token. */
const wantsToken = (options?: RequestInit): Response => {
  if (new Headers(options?.headers).get("authorization") === "Bearer anybody") return new Response("{}");
  const challenge =
    'Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:traefik/helm/traefik:pull"';
  return new Response("", { status: 401, headers: { "WWW-Authenticate": challenge } });
};
const tokenUrl = "https://ghcr.io/token?service=ghcr.io&scope=repository%3Atraefik%2Fhelm%2Ftraefik%3Apull";

describe("doctor: charts", () => {
  it("can be had where the index has the version, and the registry the tag", async () => {
    const { get, asked } = net({
      [indexUrl]: index("1.12.1"),
      [manifestUrl]: wantsToken,
      [tokenUrl]: new Response('{"token":"anybody"}'),
    });
    const other = { ...longhorn, version: "1.12.1" };
    const result = await askForCharts([longhorn, other, traefik], undefined, get);
    assert.deepEqual(result.findings, []);
    assert.equal(asked.filter((url) => url === indexUrl).length, 1, "an index is read once");
  });

  it("are findings where the version is another, the tag is gone, or the place does not answer", async () => {
    const { get } = net({ [indexUrl]: index("1.13.0"), [manifestUrl]: new Response("", { status: 404 }) });
    const { findings } = await askForCharts(
      [longhorn, traefik, { ...longhorn, repository: "https://gone.invalid" }],
      undefined,
      get,
    );
    assert.deepEqual(
      findings.map(({ what, problem }) => `${what}: ${problem}`),
      [
        "longhorn 1.12.1 from https://charts.longhorn.io: the repository does not have that version; its first ones are 1.13.0",
        "traefik 41.3.0 from oci://ghcr.io/traefik/helm/traefik: the registry has no such chart in that version",
        "longhorn 1.12.1 from https://gone.invalid: does not answer: getaddrinfo ENOTFOUND",
      ],
    );
  });

  it("are findings where something else answers: a portal's page, a refusal", async () => {
    const page = net({
      [indexUrl]: new Response("<html>Log in</html>"),
      [manifestUrl]: new Response("", { status: 403 }),
    });
    const { findings } = await askForCharts([longhorn, traefik], undefined, page.get);
    assert.match(findings[0]?.problem ?? "", /is no index of charts/);
    assert.match(findings[1]?.problem ?? "", /answers 403/);
  });

  it("are asked of the mirror, where there is one", async () => {
    const mirrored = "https://registry.internal/v2/charts/longhorn/manifests/1.12.1";
    const { get, asked } = net({ [mirrored]: new Response("{}") });
    assert.deepEqual((await askForCharts([longhorn], "oci://registry.internal/charts", get)).findings, []);
    assert.deepEqual(asked, [mirrored]);
    const folder = net({});
    await askForCharts([longhorn], "./charts", folder.get);
    assert.deepEqual(folder.asked, []);
  });

  it("could not be asked for where nothing at all is reached: this computer has no way out", async () => {
    const { findings, missing } = await askForCharts([longhorn, traefik], undefined, net({}).get);
    assert.deepEqual(findings, []);
    assert.match(missing ?? "", /none of the places .* was reached/);
  });
});
