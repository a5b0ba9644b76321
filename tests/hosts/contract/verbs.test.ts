/**
 * The commands of k3s that our verbs run: snapshots, certificates, tokens, encryption, resets. Like k3s.test.ts it runs
 * unchanged against the stand-in and against a real k3s.
 */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import { inOrder } from "../../kits/in-order.ts";
import { requireHosts, until } from "../../kits/lab/hosts.ts";
import type { Host, Ran } from "../../kits/lab/hosts.ts";
import { k3sUnderTest } from "../../kits/k3s/k3s.ts";
import { SERVER_TOKEN, TestCluster } from "./cluster.ts";
import { Transcripts } from "./transcripts.ts";

const SNAPSHOTS = "/var/lib/rancher/k3s/server/db/snapshots";
const NEW_TOKEN = "staple-battery";

describe("the verbs of k3s", function () {
  this.timeout(900_000);
  inOrder(this); // each step needs the one before
  let cluster: TestCluster;
  let transcripts: Transcripts;
  let s1: Host;

  before(async function () {
    requireHosts(this);
    const k3s = await k3sUnderTest();
    transcripts = new Transcripts(k3s);
    cluster = await TestCluster.create(k3s, ["s1", "s2"]);
    s1 = cluster.host("s1");
    await cluster.join("s1", "server", { "cluster-init": true, "etcd-snapshot-retention": 1 });
  });
  after(async () => {
    await (cluster as TestCluster | undefined)?.lab.destroy();
    (transcripts as Transcripts | undefined)?.report();
  });

  /** What a command of k3s says that ends well. */
  async function says(command: string): Promise<string> {
    const ran = await s1.run(`k3s ${command}`, { timeoutMs: cluster.patience });
    assert.equal(ran.code, 0, ran.stderr);
    return ran.stdout + ran.stderr;
  }

  async function refused(command: string): Promise<Ran> {
    const ran = await s1.run(`k3s ${command}`, { timeoutMs: cluster.patience });
    assert.notEqual(ran.code, 0, ran.stdout);
    return ran;
  }

  async function snapshots(): Promise<readonly string[]> {
    return (await s1.ok(`ls ${SNAPSHOTS}`)).split("\n").filter((name) => name.startsWith("by-hand-"));
  }

  it("takes a snapshot when asked, for root only, and takes none away for it", async () => {
    transcripts.check("snapshot-saved", lastLine(await says("etcd-snapshot save --name by-hand")));
    await sleep(1_100); // names are made of seconds
    await says("etcd-snapshot save --name by-hand");
    const names = await snapshots();
    assert.equal(names.length, 2, "retention is for those by schedule, and for `prune`");
    for (const name of names) {
      assert.match(name, /^by-hand-s1-\d+$/);
      assert.equal((await s1.ok(`stat -c %a ${SNAPSHOTS}/${name}`)).trim(), "600");
    }
    await refused("etcd-snapshot save by-hand");
  });

  it("lists snapshots, as a table or as objects", async () => {
    const [name = ""] = await snapshots();
    const table = await s1.ok("k3s etcd-snapshot ls 2>/dev/null");
    assert.match(table, /^Name +Location +Size +Created$/m);
    assert.match(
      table,
      new RegExp(`^${name} +file://${SNAPSHOTS}/${name} +\\d+ +\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$`, "m"),
    );
    const list = JSON.parse(await s1.ok("k3s etcd-snapshot ls -o json 2>/dev/null")) as {
      readonly kind: string;
      readonly items: readonly {
        readonly spec: Readonly<Record<string, string>>;
        readonly status: { readonly readyToUse: boolean };
      }[];
    };
    assert.equal(list.kind, "List");
    const found = list.items.find(({ spec }) => spec["snapshotName"] === name);
    assert.deepEqual(
      [found?.spec["location"], found?.spec["nodeName"], found?.status.readyToUse],
      [`file://${SNAPSHOTS}/${name}`, "s1", true],
    );
  });

  it("prunes and deletes snapshots by name, and is content where one is not there", async () => {
    const [older = "", newer = ""] = await snapshots();
    await says("etcd-snapshot prune --name by-hand --etcd-snapshot-retention 1");
    assert.deepEqual(await snapshots(), [newer], older);
    transcripts.check("snapshot-deleted", lastLine(await says(`etcd-snapshot delete ${newer}`)));
    transcripts.check("snapshot-not-there", lastLine(await says(`etcd-snapshot delete ${newer}`)));
    assert.deepEqual(await snapshots(), []);
  });

  it("keeps no keys of encryption where none were asked for", async () => {
    transcripts.check("encryption-disabled", await s1.ok("k3s secrets-encrypt status 2>/dev/null"));
  });

  it("skips what it does not know in config.yaml, and refuses it on the command line", async () => {
    await s1.put("/etc/rancher/k3s/config.yaml.d/90-odd.yaml", "no-such-flag: 1\n", 0o600);
    await s1.ok("systemctl restart k3s");
    await cluster.joined("s1", "server");
    transcripts.check("unknown-key", await cluster.said("s1", "server", /Unknown flag/));
    await s1.ok("rm /etc/rancher/k3s/config.yaml.d/90-odd.yaml");
    assert.match(
      (await refused("server --no-such-flag")).stderr,
      /level=fatal msg="Error: flag provided but not defined: -no-such-flag"/,
    );
  });

  it("tells when certificates expire", async () => {
    const { Certificates: found } = JSON.parse(await s1.ok("k3s certificate check --output json 2>/dev/null")) as {
      readonly Certificates: readonly {
        readonly Filename: string;
        readonly Subject: string;
        readonly Status: string;
      }[];
    };
    const admin = found.find(({ Filename, Subject }) => Filename === "client-admin.crt" && Subject === "system:admin");
    assert.equal(admin?.Status, "OK");
  });

  it("has new certificates after `certificate rotate` and a start, of the same authority", async () => {
    const serial = "openssl x509 -noout -serial -in /var/lib/rancher/k3s/server/tls/client-admin.crt";
    const ca = "sha256sum /var/lib/rancher/k3s/server/tls/server-ca.crt";
    const [before, authority] = [await s1.ok(serial), await s1.ok(ca)];
    await s1.ok("systemctl stop k3s");
    transcripts.check("certificates-rotated", lastLine(await says("certificate rotate")));
    await s1.ok("systemctl start k3s");
    await cluster.joined("s1", "server");
    assert.notEqual(await s1.ok(serial), before);
    assert.equal(await s1.ok(ca), authority);
  });

  it("changes the token at once, and starts only with the new one then", async () => {
    await refused("token rotate --token wrong --new-token never");
    transcripts.check("token-rotated", (await says(`token rotate --new-token ${NEW_TOKEN}`)).trim());
    assert.match(await s1.ok("cat /var/lib/rancher/k3s/server/token"), new RegExp(`::server:${NEW_TOKEN}\\n$`));
    await s1.run("systemctl restart --no-block k3s"); // the old one is still configured
    transcripts.check("server-old-token", await cluster.said("s1", "server", /encrypted with different token/));
    await cluster.install("s1", "server", { "cluster-init": true, token: NEW_TOKEN });
    await s1.ok("systemctl restart k3s");
    await cluster.joined("s1", "server");
  });

  it("lets a server join with the new token, and none with the old one", async () => {
    await cluster.start("s2", "server", { server: cluster.url("s1"), token: SERVER_TOKEN });
    await cluster.said("s2", "server", /level=fatal.*(not authorized|401 Unauthorized)/);
    await cluster.clear("s2");
    await cluster.join("s2", "server", { server: cluster.url("s1"), token: NEW_TOKEN });
    assert.equal((await cluster.members()).length, 2);
  });

  it("resets a cluster to one member, once, and not while it is told to join another", async () => {
    for (const host of [cluster.host("s2"), s1]) await host.ok("systemctl stop k3s");
    const joining = await refused(`server --cluster-reset --server ${cluster.url("s2")}`);
    transcripts.check("reset-with-server", lastLine(joining.stderr));
    transcripts.check("reset-done", lineOf(await says("server --cluster-reset"), /membership has been reset/));
    transcripts.check("reset-again", lastLine((await refused("server --cluster-reset")).stderr));
    await s1.ok("systemctl start k3s");
    await cluster.joined("s1", "server");
    assert.equal((await cluster.members()).length, 1);
    // The flag goes some time after the start: until then a second reset is refused, too.
    const flag = "test -e /var/lib/rancher/k3s/server/db/reset-flag";
    await until("the reset is over", async () => (await s1.run(flag)).code !== 0, { timeoutMs: cluster.patience });
  });

  it("refuses a snapshot that is not there, or that another token sealed", async () => {
    const restore = (path: string): string => `server --cluster-reset --cluster-reset-restore-path=${path}`;
    await says("etcd-snapshot save --name by-hand");
    const [name = ""] = await snapshots();
    await s1.ok("systemctl stop k3s");
    const absent = await refused(restore(`${SNAPSHOTS}/never`));
    transcripts.check("restore-absent", lineOf(absent.stderr, /level=fatal/));
    const sealed = await refused(`${restore(`${SNAPSHOTS}/${name}`)} --token=${SERVER_TOKEN}`);
    transcripts.check("restore-other-token", lineOf(sealed.stderr, /level=fatal/));
    await says(restore(`${SNAPSHOTS}/${name}`));
    await s1.ok("systemctl start k3s");
    await cluster.joined("s1", "server");
  });
});

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}

function lineOf(text: string, pattern: RegExp): string {
  return text.split("\n").find((line) => pattern.test(line)) ?? "";
}
