import assert from "node:assert/strict";
import { checksumFindings, checksumsOf, reliedOn } from "./checksums.ts";
import { defaultVersion, pinnedReleases } from "./pins.ts";
import type { K3sSettingsInput } from "./schema.ts";
import { agentNode, serverNode, settingsOf, sixNodes } from "../testing.ts";

// Of install.sh at v1.34.3+k3s1, as people who pin it have it; not read from pins.ts.
const installer = "40b487f0d8ef4f5d1bf422e7bb6228cc7789c40ecc66c5ab067d396bbee9816e";
const ofAugust2024 = "68ae766b4c4fd2c8032f712cdd346c8f9d1ae60eaeb4736a1155effda44ea23d";
const release = "https://github.com/k3s-io/k3s/releases/download/v1.35.1%2Bk3s1";
const none = { checksums: {} };
const other = { version: "v1.35.1+k3s1" };

const findingsOf = (changes: Partial<K3sSettingsInput>, nodes = [serverNode(1)]): string[] =>
  checksumFindings(nodes, settingsOf(changes)).map(
    ({ rule, about, problem, fix }) => `${rule} ${about}: ${problem}: ${fix}`,
  );

describe("checksums of k3s", () => {
  it("are stated here for the version of the default stacks, so that a stack file needs none", () => {
    const settings = settingsOf(none);
    assert.deepEqual(findingsOf(none), []);
    const { architectures, ...sums } = checksumsOf(settings);
    assert.equal(sums.installer, installer);
    assert.deepEqual(
      architectures.map(({ architecture }) => architecture),
      ["amd64"],
    );
    assert.equal(architectures[0]?.binary.length, 64);
  });

  it("are stated for the version of a site that names none, and each says whose it is", () => {
    assert.ok(defaultVersion in pinnedReleases);
    for (const [version, { installer: script, amd64, arm64 }] of Object.entries(pinnedReleases)) {
      for (const { of } of [script, amd64?.binary, arm64?.binary].filter((one) => one !== undefined))
        assert.ok(of.includes(`k3s ${version}`), `${of} stands at ${version}`);
    }
  });

  it("are asked for where none is stated, each with the URL that it is from", () => {
    assert.deepEqual(findingsOf({ ...other, ...none }, [serverNode(1), agentNode(1)]), [
      "checksum-missing checksums.installer: the installer of v1.35.1+k3s1 has no checksum, and we state none for that version: " +
        "give the SHA-256 of https://raw.githubusercontent.com/k3s-io/k3s/v1.35.1%2Bk3s1/install.sh (curl -fsSL that URL | sha256sum)",
      "checksum-missing checksums.amd64: there are amd64 nodes, and no checksums for them: we state none for v1.35.1+k3s1: " +
        `give checksums.amd64.binary: the line k3s of ${release}/sha256sum-amd64.txt`,
      "checksum-missing checksums.arm64: there are arm64 nodes, and no checksums for them: we state none for v1.35.1+k3s1: " +
        `give checksums.arm64.binary: the line k3s-arm64 of ${release}/sha256sum-arm64.txt`,
    ]);
    const given = { ...other, checksums: { installer, amd64: { binary: "b".repeat(64) } } };
    assert.deepEqual(findingsOf(given), []);
    assert.deepEqual(findingsOf({ ...given, source: { images: true } }), [
      "checksum-missing checksums.amd64.images: the image archive has no checksum: " +
        `give it: the line k3s-airgap-images-amd64.tar.zst of ${release}/sha256sum-amd64.txt`,
    ]);
  });

  it("of the stack file that contradict those stated here are refused: one of both is of another file", () => {
    assert.deepEqual(findingsOf({ checksums: { installer: ofAugust2024 } }), [
      `checksum-contradicts checksums.installer: ${ofAugust2024} is declared for install.sh of k3s v1.34.3+k3s1, which is ${installer}: ` +
        "leave checksums.installer out, or compare both with https://raw.githubusercontent.com/k3s-io/k3s/v1.34.3%2Bk3s1/install.sh",
    ]);
    assert.match(
      findingsOf({ checksums: { amd64: { binary: "b".repeat(64) } } })[0] ?? "",
      /^checksum-contradicts checksums\.amd64\.binary: /,
    );
    assert.deepEqual(findingsOf({ checksums: { installer } }), []);
  });

  it("that nobody has compared are told of to who relies on them", () => {
    const told = (changes: Partial<K3sSettingsInput>): string[] =>
      reliedOn(settingsOf(changes), sixNodes).flatMap(({ of, compared }) => (compared === "never" ? [of] : []));
    assert.deepEqual(told({}), ["k3s v1.34.3+k3s1 for amd64"]);
    const sums = pinnedReleases["v1.34.3+k3s1"];
    assert.ok(sums?.amd64);
    // Who states it has it from somewhere.
    assert.deepEqual(told({ checksums: { amd64: { binary: sums.amd64.binary.digest } } }), []);
    assert.deepEqual(told(other), []);
  });
});
