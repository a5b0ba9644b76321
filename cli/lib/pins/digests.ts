import type { StatedDigest } from "@isthmus/core";
import { imageDigests } from "@isthmus/helm";
import { pinnedReleases } from "@isthmus/k3s";

/** Those that stand in files which can say nothing more: stack files and workflows. */
const elsewhere: readonly StatedDigest[] = [
  {
    digest:
      "f46f0671a6e5bdec5291ab8972bae2f10e5408c2f64a74078f11efc2f06a436a9d0313ed50e0472542eeabf780e9f7c792ac0a314c6c20507fcd9fd81b468c3d",
    of: "debian-13-genericcloud-amd64-20261001-2618.qcow2, the cloud image of the default stacks",
    source: "https://cloud.debian.org/images/cloud/trixie/20261001-2618/SHA512SUMS",
    compared: {
      on: "2026-11-28",
      how: "with ten public files that pin the same for this build, two of which say that it is from this list and as downloaded",
    },
  },
  {
    digest: "3d3c42e5aac5ba805825da76410c181273ba90b1",
    of: "actions/checkout v7.0.1",
    source: "https://github.com/actions/checkout/releases/tag/v7.0.1",
    compared: {
      on: "2026-11-28",
      how: "with public files that pin the same for this tag, two of which looked it up (git ls-remote on 2026-09-05, GitHub's API on 2026-10-03)",
    },
  },
  {
    digest: "820762786026740c76f36085b0efc47a31fe5020",
    of: "actions/setup-node v7.0.0",
    source: "https://github.com/actions/setup-node/releases/tag/v7.0.0",
    compared: { on: "2026-11-28", how: "with public files that pin the same for this tag" },
  },
];

const ofReleases = Object.values(pinnedReleases).flatMap(({ installer, amd64, arm64 }) => [
  installer,
  ...[amd64, arm64].flatMap((files) => (files === undefined ? [] : [files.binary])),
]);

/** Every checksum and digest that this project states, with its source. A test finds those that are not here. */
export const digests: readonly StatedDigest[] = [...ofReleases, ...Object.values(imageDigests), ...elsewhere];
