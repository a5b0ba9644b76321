import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { endsIn, daysLeft, kubeconfigEnd, kubeconfigNotice, readingOf, stillEnds } from "./kubeconfig.ts";

const now = Date.parse("2026-11-28T12:00:00Z");
const after = (days: number): { asked: number; ends: string } => ({
  asked: 2,
  ends: new Date(now + (days + 0.5) * 86_400_000).toISOString(),
});

describe("the kubeconfig that a stack keeps", () => {
  it("tells when its client certificate ends, the first of those that k3s writes there", () => {
    const made = (days: string): string =>
      execFileSync(
        "openssl",
        [
          ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
          ...["-subj", "/O=system:masters/CN=system:admin", "-keyout", "/dev/null", "-days", days],
        ],
        { stdio: ["ignore", "pipe", "ignore"] },
      ).toString();
    const data = Buffer.from(made("40") + made("3650")).toString("base64");
    const text = `clusters:\n- cluster:\n    certificate-authority-data: AAAA\nusers:\n- name: default\n  user:\n    client-certificate-data: ${data}\n    client-key-data: BBBB\n`;
    const days = daysLeft({ ends: kubeconfigEnd(text) }, Date.now());
    assert.ok(days === 39 || days === 40, String(days));
  });

  it("has no known end where it has no certificate, or none that is one", () => {
    for (const text of ["", "users: []", "    client-certificate-data: AAAA\n"]) assert.equal(kubeconfigEnd(text), "");
    assert.equal(daysLeft({ ends: "" }, now), undefined);
    assert.equal(readingOf({ asked: 3, ends: "" }, now), 3);
  });

  it("is read once, and anew by each run in its last 30 days until the one that is read lasts longer", () => {
    assert.equal(readingOf(undefined, now), 1);
    assert.equal(readingOf(after(364), now), 2);
    assert.equal(readingOf(after(31), now), 2);
    assert.equal(readingOf(after(30), now), 3);
    assert.equal(readingOf(after(-5), now), 3);
  });

  it("is told of in its last 120 days, with what renews it", () => {
    assert.equal(kubeconfigNotice("site-a", undefined, now), undefined);
    assert.equal(kubeconfigNotice("site-a", after(121), now), undefined);
    assert.match(
      kubeconfigNotice("site-a", after(40), now) ?? "",
      /^the kubeconfig of site-a ends in 40 days: `up` reads k3s' own/,
    );
    assert.match(kubeconfigNotice("site-a", after(12), now) ?? "", /ends in 12 days: this run reads k3s' own anew$/);
  });

  it("that ends as soon as k3s' own says what renews that", () => {
    assert.equal(stillEnds("site-a", after(31), now), undefined);
    assert.match(
      stillEnds("site-a", after(12), now) ?? "",
      /ends in 12 days, and so does k3s' own: npm run rotate-certificates -- site-a/,
    );
    assert.equal(endsIn(-2), "ended 2 days ago");
  });
});
