import assert from "node:assert/strict";
import { isSecret, isUnknown, markSecret, revealed, revealedThroughout, unknownMark } from "./pulumi-values.ts";

/** As `pulumi stack export` writes it, with and without --show-secrets. */
const signature = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
const shown = { ...signature, plaintext: '{"a":[1,"x"]}' };
const encrypted = { ...signature, ciphertext: "v1:abc:def" };

describe("values as Pulumi writes them", () => {
  it("are secrets by their mark alone", () => {
    assert.ok([markSecret(1), shown, encrypted].every(isSecret));
    assert.ok(![undefined, null, 1, "x", {}, { plaintext: "x" }, [signature]].some(isSecret));
  });

  it("are revealed one by one, or throughout", () => {
    assert.equal(revealed(markSecret(markSecret("x"))), "x");
    assert.deepEqual(revealed(shown), { a: [1, "x"] });
    assert.deepEqual(revealed({ b: markSecret(1) }), { b: markSecret(1) });
    assert.deepEqual(revealedThroughout({ b: [markSecret({ c: shown })] }), { b: [{ c: { a: [1, "x"] } }] });
  });

  it("are unknown where only the deployment or its passphrase tells them", () => {
    assert.ok(isUnknown(unknownMark) && isUnknown(revealed(encrypted)) && !isUnknown("04da"));
  });
});
