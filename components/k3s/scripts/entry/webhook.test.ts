import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { loadScript, renderScript } from "@isthmus/remote/script";
import { webhookParameters } from "../../resources/webhook.ts";

const probe = {
  refused: {
    apiVersion: "metallb.io/v1beta1",
    kind: "IPAddressPool",
    metadata: { name: "probe", namespace: "metallb" },
  },
  because: "invalid CIDR",
};

/** What an API server says, word for word: https://github.com/kubernetes/apiserver/blob/master/pkg/admission/plugin/webhook */
const said = {
  noAddress:
    'Error from server (InternalError): error when creating "STDIN": Internal error occurred: failed calling webhook "ipaddresspoolvalidationwebhook.metallb.io": failed to call webhook: Post "https://metallb-webhook-service.metallb.svc:443/validate?timeout=10s": no endpoints available for service "metallb-webhook-service"',
  noCertificate:
    'Error from server (InternalError): error when creating "STDIN": Internal error occurred: failed calling webhook "ipaddresspoolvalidationwebhook.metallb.io": failed to call webhook: Post "https://metallb-webhook-service.metallb.svc:443/validate?timeout=10s": tls: failed to verify certificate: x509: certificate signed by unknown authority',
  noKind:
    'error: resource mapping not found for name: "probe" namespace: "metallb" from "STDIN": no matches for kind "IPAddressPool" in version "metallb.io/v1beta1"',
  notReady:
    'Error from server (Forbidden): error when creating "STDIN": admission webhook "ipaddresspoolvalidationwebhook.metallb.io" denied the request: failed to get existing IPAddressPool objects',
  refusal:
    'Error from server (Forbidden): error when creating "STDIN": admission webhook "ipaddresspoolvalidationwebhook.metallb.io" denied the request: parsing address pool probe: invalid CIDR "no-address" in pool "probe"',
};
const admitted = "ipaddresspool.metallb.io/probe created (server dry run)";

/** Runs the script where the API server gives these answers in turn, the last one for ever. */
function asked(answers: readonly (readonly [status: number, text: string])[], seconds: number) {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-webhook-"));
  try {
    const standIn = join(folder, "stand-in.sh");
    const cases = answers.map(([status, text], index) => {
      const pattern = index === answers.length - 1 ? "*" : String(index + 1);
      return `${pattern}) printf '%s\\n' '${text}'; return ${status} ;;`;
    });
    writeFileSync(
      standIn,
      `require_api() { :; }\nsleep() { :; }\nkube() { echo "$*" >>${folder}/asked; cat >>${folder}/given; case $(wc -l <${folder}/asked) in\n${cases.join("\n")}\nesac; }\n`,
    );
    const script = loadScript(
      new URL("../parts/common.sh", import.meta.url),
      pathToFileURL(standIn),
      new URL("./webhook.sh", import.meta.url),
    );
    const parameters = {
      ...webhookParameters({ release: "metallb", namespace: "metallb", probe }),
      ISTHMUS_HOST: "server-1",
      ISTHMUS_SECRETS: [],
      WAIT_SECONDS: seconds,
    };
    const text = renderScript({ script, host: "server-1", parameters, secretNames: [], user: "root" });
    const { status, stderr } = spawnSync("bash", ["-c", text], { encoding: "utf8" });
    const read = (name: string): string => readFileSync(join(folder, name), "utf8");
    return {
      status,
      stderr,
      times: read("asked").trim().split("\n").length,
      call: read("asked"),
      given: read("given"),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("waiting for an admission webhook", function () {
  this.timeout(30_000);

  it("goes on while the API server has no kind, no address, no certificate or no webhook, and ends with its refusal", () => {
    const outcome = asked(
      [
        [1, said.noKind],
        [1, said.noAddress],
        [1, said.noCertificate],
        [0, admitted],
        [1, said.notReady],
        [1, said.refusal],
      ],
      20,
    );
    assert.equal(outcome.status, 0, outcome.stderr);
    assert.equal(outcome.times, 6);
    assert.match(outcome.call, /^--request-timeout=40s create --dry-run=server -f -$/m);
    assert.deepEqual(JSON.parse(outcome.given.slice(0, outcome.given.length / 6)), probe.refused);
  });

  it("says after its time that nothing answers, with what the API server said and what to look at", () => {
    const { status, stderr } = asked([[1, said.noAddress]], 1);
    assert.equal(status, 1);
    assert.match(stderr, /because: for \d+ minutes the API server has reached no webhook of metallb/);
    assert.match(stderr, /no endpoints available/);
    assert.match(stderr, /k3s kubectl -n metallb get pods/);
  });

  it("does not take silence for consent: an object that passes was seen by nobody", () => {
    const { status, stderr } = asked([[0, admitted]], 1);
    assert.equal(status, 1);
    assert.match(stderr, /asked no webhook of metallb: none is registered/);
  });
});
