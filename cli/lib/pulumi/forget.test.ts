import assert from "node:assert/strict";
import type { Checkpoint, StateResource } from "./checkpoint.ts";
import { withoutResources } from "./forget.ts";

const urn = (name: string): string => `urn:pulumi:a::b::t::${name}`;
const make = (name: string, rest: Partial<StateResource> = {}): StateResource => ({
  urn: urn(name),
  type: "t",
  ...rest,
});
const state = (resources: StateResource[], pending: StateResource[] = []): Checkpoint => ({
  version: 3,
  deployment: {
    manifest: { time: "2026-11-21T09:00:00Z" },
    resources,
    pending_operations: pending.map((resource) => ({ resource, type: "updating" })),
  },
});

describe("a state without some resources", () => {
  const without = withoutResources(
    state(
      [
        make("gone", { dependencies: [urn("kept")] }),
        make("kept", {
          protect: true,
          dependencies: [urn("gone"), urn("other")],
          propertyDependencies: { one: [urn("gone")], two: [urn("other"), urn("gone")], three: null },
          deletedWith: urn("gone"),
          replaceWith: [urn("gone")],
        }),
        make("other"),
      ],
      [make("gone"), make("other")],
    ),
    ({ urn: one }) => one === urn("gone"),
  );

  it("has none that names them: an engine would take no such state", () => {
    assert.doesNotMatch(JSON.stringify(without), /::gone/);
  });

  it("has all else as it was", () => {
    assert.deepEqual(without.deployment.resources, [
      make("kept", {
        protect: true,
        dependencies: [urn("other")],
        propertyDependencies: { one: [], two: [urn("other")], three: [] },
        deletedWith: "",
        replaceWith: [],
      }),
      make("other"),
    ]);
    assert.deepEqual(
      without.deployment.pending_operations?.map(({ resource }) => resource.urn),
      [urn("other")],
    );
  });
});
