/** Versions of k3s that this release knows, as a range of semantic versions. */
export const knownVersions = {
  range: ">=1.29.1 <1.38.0",
  /**
   * Arguments of the hardening guide (https://docs.k3s.io/security/hardening-guide, "v1.29 and Newer":
   * `service-account-extend-token-expiration`, `terminated-pod-gc-threshold=100`), and `--embedded-registry` and
   * `--disable-default-registry-endpoint` (https://docs.k3s.io/installation/registry-mirror: January 2024, v1.29.1).
   */
  oldest: "v1.29.1",
  /**
   * The newest line that there was when this was written (https://github.com/k3s-io/k3s/releases/tag/v1.37.0%2Bk3s1). Each line may take
   * an argument of the kubelet or an API away, servers do not go back, and a server that does not start stops an upgrade in its middle.
   */
  newest: "v1.37",
} as const;
