import assert from "node:assert/strict";
import { settingsOf } from "../testing.ts";
import { kubeletFindings } from "./kubelet-arguments.ts";

const told = (kubeletArguments: string[], cis = true): string[] =>
  kubeletFindings(settingsOf({ kubeletArguments, hardening: { cis } })).map(
    ({ about, problem }) => `${about} ${problem}`,
  );

describe("arguments of the kubelet", () => {
  it("are the user's, where they undo nothing", () => {
    assert.deepEqual(
      told([
        "max-pods=150",
        "pod-max-pids=8192",
        "streaming-connection-idle-timeout=30m",
        "tls-cipher-suites=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "tls-min-version=VersionTLS13",
        "anonymous-auth=false",
        "authorization-mode=Webhook",
        "read-only-port=0",
        "fail-cgroupv1=false",
        "eviction-hard=memory.available<200Mi",
      ]),
      [],
    );
  });

  for (const argument of [
    "protect-kernel-defaults=false",
    "pod-max-pids=-1",
    "streaming-connection-idle-timeout=0",
    "streaming-connection-idle-timeout=0s",
    "tls-cipher-suites=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,TLS_RSA_WITH_AES_128_CBC_SHA",
    "tls-min-version=VersionTLS10",
    "make-iptables-util-chains=false",
  ]) {
    it(`are told where they undo the CIS profile, and only with it: ${argument}`, () => {
      assert.equal(told(["max-pods=150", argument]).length, 1);
      assert.match(told(["max-pods=150", argument])[0] ?? "", /^kubeletArguments\.1 "/);
      assert.deepEqual(told([argument], false), []);
    });
  }

  for (const argument of [
    "anonymous-auth=true",
    "authorization-mode=AlwaysAllow",
    "authentication-token-webhook=false",
    "client-ca-file=/root/ca.crt",
    "read-only-port=10255",
    "node-ip=10.0.0.1",
    "hostname-override=other",
    "node-labels=a=b",
    "register-with-taints=a=b:NoSchedule",
    "cluster-domain=home.lan",
    "config=/root/kubelet.yaml",
  ]) {
    it(`are told with the profile and without: ${argument}`, () => {
      assert.equal(told([argument]).length, 1);
      assert.equal(told([argument], false).length, 1);
    });
  }
});
