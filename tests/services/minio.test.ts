import assert from "node:assert/strict";
import { join } from "node:path";
import { connect } from "node:tls";
import { listAt, mapAt, textAt, type Json } from "../../cli/lib/charts/kubernetes.ts";
import { inOrder } from "../kits/in-order.ts";
import { until } from "../kits/lab/command.ts";
import { afterwards } from "./afterwards.ts";
import { Authority } from "./certificates.ts";
import { objectOf, siteOf } from "./default-stacks.ts";
import { heldIn } from "./held.ts";
import { installedFolder, installMissing } from "./installed.ts";
import { PodLab } from "../kits/pods/lab.ts";
import { commandOf, dataOf, type Pod } from "../kits/pods/pod.ts";
import type { Held } from "../kits/pods/volumes.ts";
import { podProgramsMissing, requireAll } from "./programs.ts";
import { claimNames, renderedObject } from "./rendered.ts";
import { askS3, type Account, type Answered, type Asked } from "./s3.ts";

const site = siteOf("site-a");
const namespace = "minio";
const statefulSet = renderedObject(site, "minio", { kind: "StatefulSet", name: "minio" });
const template = mapAt(statefulSet, "spec", "template", "spec");
const host = "s3.site-a.homelab.internal";
/** https://github.com/minio/minio/blob/master/dockerscripts/docker-entrypoint.sh, without what it does for other users. */
const entrypoint = '#!/bin/sh\nexec "$@"\n';
/** The image of the client has bash for a shell, and its chart's scripts count on it. */
const bashAsSh = '#!/bin/bash\nexec -a sh /bin/bash "$@"\n';

describe("MinIO, the real one, as its chart starts it", function () {
  inOrder(this);
  this.timeout(180_000);
  const later = afterwards(this);
  let lab: PodLab;
  let authority: Authority;
  let password = "the-first-root-password-of-the-test";
  let accountPassword = "the-first-password-of-the-account";
  let clientUsr = "";
  const pods: Pod[] = [];

  before(async function () {
    requireAll(this, [...podProgramsMissing(), ...installMissing("minio"), ...installMissing("mc")]);
    lab = await PodLab.create();
    later(() => lab.remove());
    authority = new Authority(join(lab.folder, "authority"));
    const usr = await lab.image("minio", {
      over: [installedFolder("minio")],
      programs: { "bin/docker-entrypoint.sh": entrypoint },
    });
    clientUsr = await lab.image("mc", { over: [installedFolder("mc")], programs: { "bin/sh": bashAsSh } });
    const secrets = held();
    for (let index = 0; index < Number(mapAt(statefulSet, "spec")["replicas"]); index += 1) {
      const name = `minio-${index}`;
      const claims = claimNames(statefulSet);
      const pod = await lab.pod({ name, namespace, spec: template, claims, usr, held: secrets });
      const own = `${name}.${textAt(statefulSet, "spec", "serviceName")}.${namespace}.svc`;
      lab.resolve(pod.address, [own, `${own}.cluster.local`]);
      pods.push(pod);
    }
    lab.resolve(pods[0]?.address ?? "", ["minio"]);
  });

  function held(): Held {
    const tls = authority.issue(objectOf(site, "Certificate", "minio-tls"));
    const generated = (name: string, part: string): string =>
      part === "certificate"
        ? authority.certificate
        : name === "minio-root"
          ? password
          : name === "minio-account-site-b" && part === "password"
            ? accountPassword
            : `${part} of ${name}`;
    return {
      ...heldIn(site, namespace, { generated }),
      "Secret/minio-tls": tls,
      "ConfigMap/minio": dataOf(renderedObject(site, "minio", { kind: "ConfigMap", name: "minio" })),
    };
  }

  const all = (): string => pods.map((pod) => `--- ${pod.spec.name}\n${pod.said.slice(-3000)}`).join("\n");

  /** Asks one server, as root unless it is said otherwise. */
  const ask = (asked: Asked, by = 0): Promise<Answered> =>
    askS3({ account: { name: "root", secret: password }, ...asked }, server(by));
  const server = (by = 0) => ({
    name: host,
    port: 9000,
    address: pods[by]?.address ?? "",
    ca: authority.certificate,
  });
  const put = (path: string, body?: string, by = 0): Promise<Answered> =>
    ask({ method: "PUT", path, ...(body === undefined ? {} : { body }) }, by);
  const get = (path: string, by = 0): Promise<Answered> => ask({ method: "GET", path }, by);

  async function formed(by = 0): Promise<void> {
    await until("the set can be written to", async () => (await get("/minio/health/cluster", by)).status === 200, {
      timeoutMs: 90_000,
      everyMs: 250,
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${all()}`);
    });
  }

  it("forms a set of three servers that trust one another's certificates", async () => {
    await Promise.all(pods.map((pod) => pod.start()));
    for (const index of pods.keys()) await formed(index);
  });

  it("keeps what it is given, by whichever server", async () => {
    assert.deepEqual(await put("/backups"), { status: 200, text: "" });
    assert.equal((await put("/backups/one", "kept")).status, 200);
    assert.deepEqual(await get("/backups/one", 2), { status: 200, text: "kept" });
  });

  /** The job after each upgrade: policies first, then buckets, accounts and rules at once, each again until it succeeds. */
  async function runJob(name: string): Promise<Pod> {
    const job = mapAt(
      renderedObject(site, "minio", { kind: "Job", name: "minio-post-job" }),
      "spec",
      "template",
      "spec",
    );
    const containers = listAt(job, "containers");
    const spec = { ...job, containers: [{ ...containers[0], command: ["sleep", "infinity"], args: [] }] };
    const pod = await lab.pod({ name, namespace, spec, usr: clientUsr, held: held() });
    await pod.start();
    const succeed = async (container: Json): Promise<void> => {
      let last = "";
      await until(
        `${String(container["name"])} succeeds`,
        async () => {
          const { code, out } = await pod.exec(commandOf(container));
          last = out;
          return code === 0;
        },
        { everyMs: 500, timeoutMs: 60_000 },
      ).catch((error: unknown) => {
        throw new Error(`${String(error)}: ${last}`);
      });
    };
    for (const container of listAt(job, "initContainers")) await succeed(container);
    await Promise.all(containers.map(succeed));
    return pod;
  }

  const bucket = "/backups-site-b";
  const peer = (): Account => ({ name: "backups-site-b", secret: accountPassword });
  const status = async (asked: Asked): Promise<number> => (await ask(asked)).status;

  it("gets its bucket, policy and account by the job after each upgrade", async () => {
    await runJob("minio-post-job-1");
    const path = `${bucket}/copy`;
    assert.equal(await status({ method: "PUT", path, body: "of site-b", account: peer() }), 200);
    assert.equal((await ask({ method: "GET", path, account: peer() })).text, "of site-b");
    assert.equal(await status({ method: "GET", path, account: { ...peer(), secret: "wrong" } }), 403);
    assert.equal((await askS3({ method: "GET", path }, server())).status, 403, "nobody without a login");
    assert.equal(await status({ method: "PUT", path: "/backups/one", body: "of site-b", account: peer() }), 403);
    assert.equal(await status({ method: "GET", path: "/backups/one", account: peer() }), 403);
  });

  it("lets the other site's account delete nothing for good", async () => {
    const path = `${bucket}/precious`;
    const { version = "" } = await ask({ method: "PUT", path, body: "kept", account: peer() });
    const query = `versionId=${version}`;
    assert.equal(await status({ method: "DELETE", path, account: peer() }), 204);
    assert.equal(await status({ method: "GET", path, account: peer() }), 404);
    assert.equal(await status({ method: "DELETE", path, query, account: peer() }), 403);
    const several = `<Delete><Object><Key>precious</Key><VersionId>${version}</VersionId></Object></Delete>`;
    const { text } = await ask({ method: "POST", path: bucket, query: "delete=", body: several, account: peer() });
    assert.match(text, /<Error><Code>AccessDenied<\/Code>/);
    // Everything that begins so, with all versions: no policy speaks of it, a bucket with locks refuses it.
    for (const prefix of [path, `${bucket}/`]) {
      const refused = await ask({ method: "DELETE", path: prefix, force: true, account: peer() });
      assert.ok(refused.status >= 400, `${prefix}: ${refused.status}`);
    }
    assert.equal((await ask({ method: "GET", path, query })).text, "kept");
  });

  it("takes another password of that account with the next upgrade, and keeps what it may, and one rule of what expires", async () => {
    const former = peer();
    accountPassword = "another-password-of-the-account";
    const job = await runJob("minio-post-job-2");
    const path = `${bucket}/copy`;
    assert.equal((await ask({ method: "GET", path, account: peer() })).text, "of site-b");
    assert.equal(await status({ method: "GET", path, account: former }), 403);
    assert.equal(await status({ method: "GET", path: "/backups/one", account: peer() }), 403);
    const mc = ["mc", "--insecure", "--config-dir", "/etc/minio/mc/", "--json"];
    let out = "";
    await until("the rule is told", async () => {
      ({ out } = await job.exec([...mc, "ilm", "rule", "ls", `myminio${bucket}`]));
      return out.includes('"config"');
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${out}`);
    });
    const { config } = JSON.parse(out) as { config: { Rules: readonly { NoncurrentVersionExpiration: unknown }[] } };
    assert.deepEqual(
      config.Rules.map((rule) => rule.NoncurrentVersionExpiration),
      [{ NoncurrentDays: 30 }],
    );
    await job.kill();
  });

  it("shows a certificate of each name that anything is told to call it by", async () => {
    const names = mapAt(objectOf(site, "Certificate", "minio-tls"), "spec")["dnsNames"] as readonly string[];
    for (const name of ["minio", "minio-2.minio-svc.minio.svc", host]) assert.ok(names.includes(name), name);
    for (const name of names) {
      assert.equal(
        (await askS3({ method: "GET", path: "/minio/health/live" }, { ...server(), name })).status,
        200,
        name,
      );
    }
    const { text } = await askS3({ method: "GET", path: "/" }, { ...server(), name: "elsewhere.minio.svc" });
    assert.match(text, /does not match certificate's altnames/);
  });

  it("lets nobody in without TLS, nor without the password", async () => {
    const answer = await fetch(`http://${pods[0]?.address}:9000/backups/one`);
    assert.equal(answer.status, 400);
    assert.match(await answer.text(), /HTTP request to an HTTPS server/);
    assert.equal(
      (await ask({ method: "GET", path: "/backups/one", account: { name: "root", secret: "wrong" } })).status,
      403,
    );
  });

  it("goes on without one server, reading and writing, as its footprint states", async () => {
    await pods[0]?.kill();
    assert.deepEqual(stated(), { members: 3, reads: 2, writes: 2 });
    await until("the others write", async () => (await put("/backups/two", "written by two", 1)).status === 200);
    await until("the others read", async () => (await get("/backups/one", 2)).text === "kept");
  });

  it("gives nothing and takes nothing with two away, as its footprint states", async () => {
    await pods[1]?.kill();
    // Until a server notices, it tries: what counts is that nothing is acknowledged.
    const answers = await Promise.all([put("/backups/three", "by one alone", 2), get("/backups/two", 2)]);
    for (const { status } of answers) assert.notEqual(status, 200);
  });

  it("has everything that it acknowledged once all are back", async () => {
    await Promise.all([pods[0]?.start(), pods[1]?.start()]);
    for (const index of pods.keys()) await formed(index);
    // Servers that begin take what is on few drives for not there, for some seconds after they say that they are healthy.
    for (const index of pods.keys()) {
      await until(`minio-${index} has it`, async () => (await get("/backups/two", index)).text === "written by two", {
        timeoutMs: 60_000,
        everyMs: 250,
      });
    }
    assert.equal((await get("/backups/three", 0)).status, 404);
  });

  // It looks at files that are links once a minute: https://github.com/minio/pkg/blob/v3.1.3/certs/manager.go
  it("serves a renewed certificate without a restart", async () => {
    const before = await peerSerial(pods[1]?.address ?? "");
    const secrets = held();
    for (const pod of pods) pod.hold(secrets);
    await until("it shows the new certificate", async () => (await peerSerial(pods[1]?.address ?? "")) !== before, {
      timeoutMs: 100_000,
      everyMs: 500,
    });
    await formed(1);
  });

  it("takes another root password when its pods are replaced one after the other, the last first", async () => {
    const former = password;
    password = "another-root-password-of-the-test";
    const secrets = held();
    for (const pod of [...pods].reverse()) {
      pod.hold(secrets);
      await pod.kill();
      await pod.start();
    }
    for (const index of pods.keys()) await formed(index);
    assert.equal((await get("/backups/one")).text, "kept");
    const refused = await ask({ method: "GET", path: "/backups/one", account: { name: "root", secret: former } });
    assert.equal(refused.status, 403);
  });
});

/** The number of the certificate that a server shows. */
function peerSerial(address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port: 9000, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.end();
    });
    socket.on("error", reject);
  });
}

/** What the footprint says that it takes. */
function stated(): { readonly members: number; readonly reads: number; readonly writes: number } {
  const workload = site.services.find(({ instance }) => instance === "minio")?.footprint.workloads[0];
  assert.ok(workload?.reads.kind === "atLeast" && workload.writes.kind === "atLeast");
  const members = "perSite" in workload.members ? workload.members.perSite[site.facts.name] : undefined;
  return { members: members ?? 0, reads: workload.reads.members, writes: workload.writes.members };
}
