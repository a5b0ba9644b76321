import assert from "node:assert/strict";
import { parse } from "yaml";
import { nodeFiles, serverConfig } from "../files/config.ts";
import { agentNode, serverNode, settingsOf, settingsProblems as problems } from "../testing.ts";

const s3 = { endpoint: "s3.example.org", bucket: "etcd", folder: "clusters/site-a" };

describe("settings of snapshots and tokens", () => {
  it("reach k3s: when, how many on a disk and how many in the store, under a name that rotations do not change", () => {
    const settings = settingsOf({ tokens: { generation: 3 }, snapshots: { schedule: "15 3 * * *", retention: 7, s3 } });
    const config = parse(serverConfig(serverNode(1), settings)) as Record<string, unknown>;
    const said = Object.entries(config).filter(([key]) => key.startsWith("etcd-"));
    assert.deepEqual(Object.fromEntries(said), {
      "etcd-snapshot-schedule-cron": "15 3 * * *",
      "etcd-snapshot-retention": 7,
      "etcd-s3": true,
      "etcd-s3-bucket": "etcd",
      "etcd-s3-endpoint": "s3.example.org",
      "etcd-s3-folder": "clusters/site-a",
      "etcd-s3-region": "us-east-1",
      "etcd-s3-retention": 84,
    });
  });

  it("bring the authority of the store to servers, as a file that k3s cannot take for the certificate itself", () => {
    const ca = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    const settings = settingsOf({ snapshots: { s3: { ...s3, ca } } });
    const config = parse(serverConfig(serverNode(1), settings)) as Record<string, unknown>;
    const path = config["etcd-s3-endpoint-ca"];
    assert.match(String(path), /^\/[^ ]*\.crt$/);
    const files = nodeFiles(serverNode(1), settings).filter((file) => file.path === path);
    assert.deepEqual(files, [{ path, mode: "0644", content: ca, restarts: true }]);
    assert.ok(!nodeFiles(agentNode(1), settings).some((file) => file.path === path));
    assert.match(
      problems({ snapshots: { s3: { ...s3, ca: path } } })[0] ?? "",
      /^snapshots\.s3\.ca: is no certificate/,
    );
  });

  it("refuse a schedule by which k3s would take none, and say nothing", () => {
    const [problem = ""] = problems({ snapshots: { schedule: "every 6 hours" } });
    assert.match(problem, /^snapshots\.schedule: is no schedule that k3s reads: five fields/);
    assert.deepEqual(problems({ snapshots: { schedule: "0 0 30 2 *" } }), [
      "snapshots.schedule: never comes: no month that it names has such a day",
    ]);
  });

  it("refuse a folder that would not be one", () => {
    for (const folder of ["", "/site-a", "site-a/", "a b", "a//b", "a?b"]) {
      assert.match(problems({ snapshots: { s3: { ...s3, folder } } })[0] ?? "", /^snapshots\.s3\.folder: is no folder/);
    }
  });

  for (const [key, values, message] of [
    [
      "endpoint",
      ["https://s3.example.org/", "http://s3.example.org"],
      /is a URL: leave out what stands before the host/,
    ],
    ["endpoint", ["s3.example.org/bucket", "s3.example.org/"], /has a path: give the host alone/],
    [
      "endpoint",
      ["", "s3 example", "s3.example.org:", "s3.example.org:0", "-s3", "s3..org"],
      /is no host, as s3\.example/,
    ],
    [
      "bucket",
      ["my bucket", "Etcd", "ab", "etcd/site-a", "-etcd", "a..b", "a".repeat(64)],
      /is no bucket's name: 3 to 63/,
    ],
    ["region", ["", "eu central", "us-east-1/"], /is no region, as us-east-1/],
  ] as const) {
    it(`refuse as ${key} ${values[0] === "" ? values[1] : values[0]}`, () => {
      for (const value of values) {
        const [problem = "accepted"] = problems({ snapshots: { s3: { ...s3, [key]: value } } });
        assert.match(problem, new RegExp(`^snapshots\\.s3\\.${key}: ${message.source}`), value);
      }
    });
  }

  it("take what stores are called", () => {
    for (const endpoint of ["s3.eu-central-003.backblazeb2.com", "10.0.20.5:9000", "minio", "[fd00::5]:9000"]) {
      assert.deepEqual(problems({ snapshots: { s3: { ...s3, endpoint } } }), []);
    }
    for (const bucket of ["abc", "etcd.site-a", "a".repeat(63)]) {
      assert.deepEqual(problems({ snapshots: { s3: { ...s3, bucket } } }), []);
    }
  });

  it("keep the token in use", () => {
    assert.deepEqual(problems({ tokens: { generation: 2, keepFrom: 3 } }), [
      "tokens.keepFrom: is above `generation`: the token in use is always kept",
    ]);
    assert.deepEqual(problems({ tokens: { generation: 3, keepFrom: 3 } }), []);
    assert.match(problems({ tokens: { generation: 0 } })[0] ?? "", /^tokens\.generation: /);
  });
});
