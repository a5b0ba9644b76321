import assert from "node:assert/strict";
import { describeUnfinished, revisionPath, revisionsIn, unfinished, type ReleaseRevision } from "./releases.ts";

/** Newest last, as `v1 v2`. */
const history = (...statuses: readonly string[]): readonly ReleaseRevision[] =>
  statuses.map((status, index) => ({ namespace: "longhorn", release: "longhorn", revision: index + 1, status }));

const forgotten = (...statuses: readonly string[]): readonly string[] =>
  unfinished(history(...statuses)).map(({ revision }) => `v${String(revision)}`);

describe("what Helm is told to forget", () => {
  // Every status that Helm has: helm.sh/helm/v3, pkg/release/status.go.
  const table: readonly (readonly [statuses: readonly string[], forgotten: readonly string[]])[] = [
    [[], []],
    [["deployed"], []],
    [["failed"], []],
    [["superseded", "deployed"], []],
    [["deployed", "failed"], []],
    [["uninstalling"], []],
    [["uninstalled"], []],
    [["unknown"], []],
    [["pending-install"], ["v1"]],
    [["deployed", "pending-upgrade"], ["v2"]],
    [["deployed", "pending-rollback"], ["v2"]],
    // Killed after the old revision was marked, before the new one was: `performUpgrade` marks the old one first.
    [["superseded", "pending-upgrade"], ["v2"]],
    [["failed", "pending-upgrade"], ["v2"]],
    [
      ["superseded", "deployed", "pending-upgrade", "pending-upgrade"],
      ["v4", "v3"],
    ],
    // An old one that somebody went past is history.
    [["pending-upgrade", "deployed"], []],
    [["superseded", "pending-upgrade", "deployed"], []],
  ];
  for (const [statuses, expected] of table) {
    it(`of a release that is ${statuses.join(", ") || "not there"}: ${expected.join(", ") || "nothing"}`, () => {
      assert.deepEqual(forgotten(...statuses), expected);
    });
  }

  it("is told for each release by itself, whatever order the answer has", () => {
    const other = { namespace: "longhorn", release: "traefik", revision: 7, status: "deployed" };
    const [one, two] = history("deployed", "pending-upgrade");
    assert.ok(one && two);
    assert.deepEqual(unfinished([two, other, one]), [two]);
    assert.deepEqual(unfinished([{ ...two, namespace: "elsewhere" }, one]), [{ ...two, namespace: "elsewhere" }]);
  });

  it("never leads to an uninstall", () => {
    for (const status of ["pending-install", "pending-upgrade", "pending-rollback"]) {
      const [one] = history(status);
      assert.ok(one);
      assert.doesNotMatch(describeUnfinished(one), /uninstall/);
      assert.match(describeUnfinished(one), /nothing of it is deleted/);
      assert.equal(revisionPath(one), "/api/v1/namespaces/longhorn/secrets/sh.helm.release.v1.longhorn.v1");
    }
  });

  it("is read from the labels of Helm's Secrets", () => {
    const labels = {
      name: "longhorn",
      owner: "helm",
      status: "pending-upgrade",
      version: "12",
      modifiedAt: "1764331200",
    };
    const answer = {
      items: [{ metadata: { name: "sh.helm.release.v1.longhorn.v12", namespace: "longhorn", labels } }],
    };
    assert.deepEqual(revisionsIn(answer), [
      { namespace: "longhorn", release: "longhorn", revision: 12, status: "pending-upgrade" },
    ]);
  });
});
