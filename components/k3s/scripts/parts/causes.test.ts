import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { loadScript } from "@isthmus/remote/script";

const parts = ["common", "reach", "clock", "causes"].map((name) => new URL(`./${name}.sh`, import.meta.url));
const [first = new URL("."), ...others] = parts;
const { text } = loadScript(first, ...others);

interface Found {
  readonly cause: string;
  readonly lasting: boolean;
}

/** What the script makes of a journal, its lines from the oldest to the newest. Nothing is dialled: stand-ins answer. */
function causeOf(lines: readonly string[], target = ""): Found {
  const stubs = `
    journalctl() { tac <<<"$JOURNAL"; }
    join_target() { printf %s "$TARGET"; }
    port_open() { false; }
    hardware_address() { [ -z "$1" ] || printf 52:54:00:aa:bb:cc; }
    server_ahead() { printf 86400; }
    UNIT=k3s
    find_cause ''
    printf '%s|%s' "$CAUSE" "$LASTING"`;
  const { stdout, stderr, status } = spawnSync("bash", ["-c", `set -Eeuo pipefail\n${text}\n${stubs}`], {
    env: { PATH: process.env["PATH"], JOURNAL: lines.join("\n"), TARGET: target },
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  const [cause = "", lasting = ""] = stdout.split("|");
  return { cause, lasting: lasting !== "" };
}

const said = (level: string, message: string): string =>
  `time="2026-11-21T12:00:00Z" level=${level} msg="${message.replaceAll('"', '\\"')}"`;
const preparing = "Error: preparing server: failed to bootstrap cluster data: ";
const waiting = "Waiting to retrieve agent configuration; server is not ready: ";

const token = "the token is not the one of this cluster";
const taken = "the cluster remembers another machine by this name, or two machines have it";
const other = "what answers at 10.0.20.11 (52:54:00:aa:bb:cc) is another cluster, or was made anew";

/** What k3s writes, of several versions, and what it means; `true` where waiting does not help. */
const meanings: readonly (readonly [string, string, boolean])[] = [
  [said("fatal", `${preparing}https://10.0.20.11:6443/v1-k3s/server-bootstrap: 401 Unauthorized`), token, true],
  [said("fatal", `${preparing}failed to reconcile: not authorized`), token, true],
  [said("info", `${waiting}failed to retrieve configuration from server: not authorized`), token, true],
  [
    said(
      "info",
      `${waiting}failed to retrieve configuration from server: https://127.0.0.1:6444/v1-k3s/config: 401 Unauthorized`,
    ),
    token,
    true,
  ],
  [
    said(
      "fatal",
      "Failed to reconcile with temporary etcd: bootstrap data already found and encrypted with different token",
    ),
    token,
    true,
  ],
  [
    said(
      "fatal",
      `${preparing}failed to check if bootstrap data has been initialized: failed to validate token: token CA hash does not match the Cluster CA certificate hash: aa != bb`,
    ),
    other,
    true,
  ],
  [said("info", `${waiting}token CA hash does not match the Cluster CA certificate hash: aa != bb`), other, true],
  [
    said("fatal", "etcd cluster join failed: duplicate node name found, please use a unique name for this node"),
    "etcd still has a member of this name",
    true,
  ],
  [
    said(
      "info",
      `${waiting}/var/lib/rancher/k3s/agent/serving-kubelet.crt: Node password rejected, duplicate hostname or contents of '/etc/rancher/node/password' may not match server node-passwd entry, try enabling a unique node name with the --with-node-id flag`,
    ),
    taken,
    true,
  ],
  [
    said(
      "info",
      "Waiting for other members to finish joining etcd cluster: etcdserver: too many learner members in cluster",
    ),
    "another server is joining at the same time, or began to and never ended",
    false,
  ],
  [
    said("info", "Waiting for other members to finish joining etcd cluster: etcdserver: unhealthy cluster"),
    "etcd takes no new member while one of its members is unhealthy",
    false,
  ],
  [
    said(
      "info",
      `${waiting}CA cert validation failed: Get "https://127.0.0.1:6444/cacerts": tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-20T12:00:00Z is before 2026-11-21T11:59:00Z`,
    ),
    "a certificate is not valid at the time that this clock shows: it is 86400 s behind that of 10.0.20.11",
    false,
  ],
  [
    said("info", `${waiting}failed to get CA certs: Get "https://127.0.0.1:6444/cacerts": EOF`),
    "the server that it joins at, 10.0.20.11, does not answer on TCP 6443",
    false,
  ],
  [
    said("fatal", "Error: listen tcp 0.0.0.0:6443: bind: address already in use"),
    "a port that k3s needs is taken",
    false,
  ],
  // As Test in pkg/etcd/etcd.go of k3s v1.34 says it: "is a not".
  [
    said(
      "info",
      "Failed to test etcd connection: this server is a not a member of the etcd cluster. Found [server-1-0a1b2c3d=https://10.0.20.11:2380 server-2-4e5f6a7b=https://10.0.20.12:2380], expect: server-2-4e5f6a7b=10.0.20.22",
    ),
    "etcd does not know this server by its name and address: it has [server-1-0a1b2c3d=https://10.0.20.11:2380 server-2-4e5f6a7b=https://10.0.20.12:2380], and this one is server-2-4e5f6a7b=10.0.20.22",
    true,
  ],
  [
    said(
      "fatal",
      "kubelet exited: failed to run Kubelet: kubelet is configured to not run on a host using cgroup v1. cgroup v1 support is unsupported and will be removed in a future release",
    ),
    "this host has cgroup v1, and the kubelet of this version does not start on it",
    true,
  ],
  [said("fatal", "failed to find memory cgroup (v2)"), "the kernel has no memory cgroup", true],
];

describe("the cause of a failed join", () => {
  for (const [line, cause, lasting] of meanings) {
    it(`${lasting ? "is" : "may be"} that ${cause.slice(0, 60)}: ${line.slice(48, 110)}`, () => {
      assert.deepEqual(causeOf([line, "k3s.service: Main process exited, code=exited"], "10.0.20.11"), {
        cause,
        lasting,
      });
    });
  }

  it("names the flags that differ", () => {
    const lines = [
      said("warning", "critical configuration mismatched: cluster-cidr"),
      said("warning", "critical configuration mismatched: secrets-encryption"),
      said(
        "fatal",
        `${preparing}failed to validate server configuration: critical configuration value mismatch between servers`,
      ),
    ];
    assert.deepEqual(causeOf([...lines, ...lines]), {
      cause: "this server was given other flags than those that run: cluster-cidr, secrets-encryption",
      lasting: true,
    });
  });

  it("names networks that differ by their flags, as a real k3s tells them by a byte", () => {
    const named = [
      "ClusterDNSs.slice[0].slice[13]",
      "ClusterIPRanges.slice[0].IP.slice[13]",
      "ServiceIPRange.IP.slice[13]",
    ];
    const { cause } = causeOf([
      ...named.map((name) => said("warning", `critical configuration mismatched: ${name}`)),
      said(
        "fatal",
        `${preparing}failed to validate server configuration: critical configuration value mismatch between servers`,
      ),
    ]);
    assert.equal(cause, "this server was given other flags than those that run: cluster-cidr, service-cidr");
  });

  it("is what was said last: an earlier one was fixed", () => {
    const [wrongToken = [""], , , , , , , duplicate = [""]] = meanings;
    assert.equal(causeOf([wrongToken[0], duplicate[0]]).cause, "etcd still has a member of this name");
    assert.equal(causeOf([duplicate[0], wrongToken[0]]).cause, token);
  });

  it("is not what k3s says of others, or in passing", () => {
    const harmless = [
      said(
        "error",
        "Failed to authenticate request from 10.0.20.21:40000: unable to verify hash for node 'agent-1': hash does not match",
      ),
      'E1121 12:00:00 kuberuntime_manager.go:1 "Failed to pull image" err="registry.example/v2/: 401 Unauthorized"',
      said(
        "info",
        "Cluster-Http-Server 2026/11/21 12:00:00 http: TLS handshake error from 10.0.20.21:1: remote error: tls: bad certificate",
      ),
      said(
        "warning",
        "Unable to reconcile with remote datastore: https://10.0.20.11:6443/v1-k3s/server-bootstrap: 503 Service Unavailable",
      ),
    ];
    assert.deepEqual(causeOf(harmless), { cause: "", lasting: false });
  });
});

describe("a k3s that ends fatally at every start", () => {
  /** What a wait of two minutes ends with. */
  const waited = (lines: readonly string[]): string => {
    const stubs = `
      journalctl() { [[ " $* " != *' -r '* ]] && cat <<<"$JOURNAL" || tac <<<"$JOURNAL"; }
      fail() { printf '%s|%s' "$1" "$2"; exit 9; }
      sleep() { SECONDS=$((SECONDS + 1)); }
      port_open() { false; }
      join_target() { printf 10.0.20.11; }
      hardware_address() { :; }
      UNIT=k3s ISTHMUS_UNIT=
      await 120 'it did not become Ready' false`;
    const { stdout, stderr } = spawnSync("bash", ["-c", `set -Eeuo pipefail\n${text}\n${stubs}`], {
      env: { PATH: process.env["PATH"], JOURNAL: lines.join("\n"), STARTED: "1" },
      stdio: ["ignore", "pipe", "pipe"],
      encoding: "utf8",
    });
    assert.equal(stderr, "");
    return stdout;
  };
  const flag = (at: number) =>
    `time="2026-11-21T12:00:${at}Z" level=fatal msg="Error: flag of process ${at} is unknown"`;

  it("is not waited for any more at the third time, with its line", () => {
    assert.equal(
      waited([flag(10), flag(16), "k3s.service: Scheduled restart job", flag(22)]),
      'k3s ends as soon as it starts: level=fatal msg="Error: flag of process 22 is unknown" (it ended so three times)' +
        "|fix what it names, then run the same command again",
    );
  });

  for (const [what, lines] of [
    ["that ended twice so far", [flag(10), flag(16)]],
    ["that ends each time with other words", [flag(10), flag(16), said("fatal", "another")]],
    ["whose server is not there yet", Array<string>(5).fill(said("fatal", `${preparing}dial tcp: connection refused`))],
    ["that waits for a port", Array<string>(5).fill(said("fatal", "Error: listen tcp: bind: address already in use"))],
    ["that complains, and does not end", Array<string>(5).fill(said("error", "Error: something"))],
  ] as const) {
    it(`is waited for as long as was said: one ${what}`, () => {
      assert.match(waited(lines), /it did not become Ready/);
    });
  }
});
