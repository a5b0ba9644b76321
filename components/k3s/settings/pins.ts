import type { StatedDigest } from "@isthmus/core";

/** Images that k3s nodes run before there is a chart; Renovate reads the comment above an entry. */
export const images = {
  // renovate: datasource=docker depName=ghcr.io/kube-vip/kube-vip
  kubeVip: "ghcr.io/kube-vip/kube-vip:v1.0.4",
} as const;

/** Beginning of the URL at which a release's files are, and that of its installer. */
export const releases = "https://github.com/k3s-io/k3s/releases/download";
const installers = "https://raw.githubusercontent.com/k3s-io/k3s";

/** Where a release's installer is. */
export function installerUrl(version: string): string {
  return `${installers}/${urlVersion(version)}/install.sh`;
}

/** Where its publisher says what the other files of a release are. */
export function checksumsUrl(version: string, architecture: "amd64" | "arm64"): string {
  return `${releases}/${urlVersion(version)}/sha256sum-${architecture}.txt`;
}

/** A version as it stands in a URL. */
export function urlVersion(version: string): string {
  return version.replaceAll("+", "%2B");
}

/** What is known of the files of one version. What is not here stands in the stack file. */
export interface PinnedRelease {
  readonly installer: StatedDigest;
  readonly amd64?: { readonly binary: StatedDigest };
  readonly arm64?: { readonly binary: StatedDigest };
}

/** The version of a site that names none. */
// renovate: datasource=github-releases depName=k3s-io/k3s
export const defaultVersion = "v1.34.3+k3s1";

/** The versions whose checksums are stated here, so that a stack file needs none. */
export const pinnedReleases: Readonly<Record<string, PinnedRelease>> = {
  "v1.34.3+k3s1": {
    installer: {
      digest: "40b487f0d8ef4f5d1bf422e7bb6228cc7789c40ecc66c5ab067d396bbee9816e",
      of: "install.sh of k3s v1.34.3+k3s1",
      source: installerUrl("v1.34.3+k3s1"),
      compared: {
        on: "2026-11-28",
        how:
          "with four public files that pin the same for v1.34.8+k3s1, v1.34.9+k3s1 and v1.34.11+k3s1; " +
          "the file of this tag itself was not downloaded and hashed",
      },
    },
    amd64: {
      binary: {
        digest: "f95350e3997165974d1d1406f01aabaf869aed7ca790cc2d83a92a82f26a06c5",
        of: "k3s v1.34.3+k3s1 for amd64",
        source: checksumsUrl("v1.34.3+k3s1", "amd64"),
        // No public repository that could be searched on 2026-11-28 states it, nor the one for arm64.
        compared: "never",
      },
    },
  },
};
