import assert from "node:assert/strict";
import type { Risk } from "@isthmus/availability";
import { plain } from "../terminal/style.ts";
import { atRisk } from "./at-risk.ts";

const risk = (over: Partial<Risk>): Risk => ({
  severity: "degraded",
  services: ["web"],
  when: "losing any node",
  verdict: "degraded",
  why: "1 of 2 members lost, 1 left",
  steps: [],
  data: [],
  ...over,
});
const unseal = [
  "kubectl exec v-0 -- vault operator unseal   # three times",
  "kubectl exec v-1 -- vault operator unseal",
];

describe("what is at risk", () => {
  it("is told by severity, with the failure once above all that it does", () => {
    const risks = [
      risk({}),
      risk({ services: ["db"], why: "1 of 3 voters lost, 2 left, a majority is 2" }),
      risk({
        severity: "down",
        services: ["mail"],
        verdict: "down, full within 6 min",
        why: "its only member is lost",
      }),
    ];
    assert.deepEqual(atRisk(risks, plain), [
      "",
      "Down for a while, then back without manual action",
      "  Losing any node",
      "    mail  full within 6 min: its only member is lost",
      "",
      "Degraded: it serves, with less redundancy; repair or replace what is lost",
      "  Losing any node",
      "    web   1 of 2 members lost, 1 left",
      "    db    1 of 3 voters lost, 2 left, a majority is 2",
    ]);
  });

  it("has the steps of a person with their commands as they are typed, once, and what may be lost", () => {
    const gone = "if the site's disks are gone for good";
    const risks = [
      risk({
        severity: "manual action",
        services: ["vault", "db"],
        when: "losing a or b",
        why: "all of it is at the site",
        steps: [{ step: "bring the site back" }, ...unseal.map((step) => ({ step, services: ["vault"] }))],
        data: [
          { service: "vault", what: `secrets: what is newer than the last backup ${gone}` },
          { service: "db", what: `rows: all of it ${gone}` },
        ],
      }),
      risk({
        severity: "manual action",
        services: ["vault"],
        when: "a power cut everywhere",
        why: "sealed",
        steps: unseal.map((step) => ({ step })),
      }),
    ];
    assert.deepEqual(atRisk(risks, { ...plain, columns: 60 }), [
      "",
      "Down until somebody acts",
      "  Losing a or b",
      "    vault, db: all of it is at the site",
      "      1. bring the site back",
      "      2. vault:",
      "           # three times",
      "           kubectl exec v-0 -- vault operator unseal",
      "      3. vault:",
      "           kubectl exec v-1 -- vault operator unseal",
      "    What may be lost if the site's disks are gone for good",
      "      vault  secrets: what is newer than the last backup",
      "      db     rows: all of it",
      "  A power cut everywhere",
      "    vault: sealed",
      "      1. the 2 steps for vault that are told above",
    ]);
    assert.ok(atRisk(risks, plain, unseal).includes("      2. the 2 steps for vault that are told at the end"));
  });

  it("is nothing where nothing is", () => {
    assert.deepEqual(atRisk([], plain), []);
  });
});
