import assert from "node:assert/strict";
import { clusterDns } from "./cluster-dns.ts";
import type { DnsRecord } from "./dns.ts";

const record = (name: string, value: string): DnsRecord => ({
  name,
  type: "A",
  value,
  ttl: 60,
  from: "Pulumi.home.yaml#/services/minio/reach/port",
});

describe("the cluster's DNS", () => {
  it("answers for each name with all of its addresses, and leaves every other name alone", () => {
    const text = clusterDns([
      record("s3.home.home.arpa", "10.147.17.11"),
      record("s3.home.home.arpa", "10.147.17.12"),
      record("vault.cabin.home.arpa", "10.1.20.201"),
    ]);
    assert.equal(
      text,
      `s3.home.home.arpa:53 {
    errors
    hosts /dev/null {
        10.147.17.11 s3.home.home.arpa
        10.147.17.12 s3.home.home.arpa
        ttl 60
        no_reverse
    }
    loadbalance
}
vault.cabin.home.arpa:53 {
    errors
    hosts /dev/null {
        10.1.20.201 vault.cabin.home.arpa
        ttl 60
        no_reverse
    }
    loadbalance
}
`,
    );
  });
});
