import assert from "node:assert/strict";
import fc from "fast-check";
import { labelKey, labelsShape, labelValue, taintShape } from "./labels.ts";

const accepted = (pattern: RegExp, texts: readonly string[]): readonly string[] =>
  texts.filter((text) => pattern.test(text));

describe("labels and taints", () => {
  // https://github.com/kubernetes/apimachinery/blob/v0.34.3/pkg/util/validation/validation_test.go, TestIsQualifiedName.
  it("have the keys that Kubernetes takes", () => {
    const good = ["simple", "now-with-dashes", "1-starts-with-num", "1234", "simple/simple", "now-with-dashes/simple"];
    good.push("now.with.dots/simple", "example.com/Uppercase", "uppercaseIsFine", "_".padStart(2, "a") + "1");
    good.push("a".repeat(63), `${"a".repeat(253)}/${"b".repeat(63)}`);
    assert.deepEqual(accepted(labelKey, good), good);
    const bad = [
      "nospecialchars%^=@",
      "cantendwithadash-",
      "-cantstartwithadash-",
      "only/one/slash",
      "Example.com/abc",
    ];
    bad.push("example_com/abc", "example.com/", "/simple", "", "example..com/a", "a b");
    bad.push("a".repeat(64), `${"a".repeat(254)}/abc`, `${"a".repeat(250)}.com/abc`);
    assert.deepEqual(accepted(labelKey, bad), []);
  });

  it("have the values that Kubernetes takes, and YAML's true and numbers as texts", () => {
    const good = ["", "simple", "a.b_c-d", "UPPER", "1", "a".repeat(63)];
    assert.deepEqual(accepted(labelValue, good), good);
    assert.deepEqual(accepted(labelValue, ["a".repeat(64), "-a", "a-", "a/b", "a b", "a\n"]), []);
    assert.deepEqual(labelsShape.parse({ zigbee: true, drives: 2 }), { zigbee: "true", drives: "2" });
  });

  it("are read as kubectl writes taints, and mean the same as key, value and effect", () => {
    const parsed = (value: unknown): unknown => taintShape.parse(value);
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}[a-z0-9]$/);
    const effect = fc.constantFrom("NoSchedule", "PreferNoSchedule", "NoExecute");
    fc.assert(
      fc.property(fc.record({ key: name, value: name, effect, prefix: fc.constantFrom("", "example.com/") }), (one) => {
        const { key, value, effect, prefix } = one;
        const full = `${prefix}${key}`;
        assert.deepEqual(parsed(`${full}=${value}:${effect}`), { key: full, value, effect });
        assert.deepEqual(parsed({ key: full, value, effect }), { key: full, value, effect });
        assert.deepEqual(parsed(`${full}:${effect}`), { key: full, effect });
        assert.deepEqual(parsed(`${full}=:${effect}`), { key: full, effect });
      }),
    );
    assert.deepEqual(parsed({ key: "gpu", value: true, effect: "NoSchedule" }), {
      key: "gpu",
      value: "true",
      effect: "NoSchedule",
    });
    for (const wrong of ["gpu", "gpu=a", "gpu=a=b:NoSchedule", "gpu:NoSchedule-", "gpu:NoRun", "gpu:a:NoSchedule", ""])
      assert.equal(taintShape.safeParse(wrong).success, false, wrong);
  });
});
