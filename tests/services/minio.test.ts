import assert from "node:assert/strict";
import { join } from "node:path";
import { connect } from "node:tls";
import { listAt, mapAt, textAt } from "../../tools/charts/kubernetes.ts";
import { inOrder } from "../in-order.ts";
import { until } from "../hosts/machine/command.ts";
import { afterwards } from "./afterwards.ts";
import { Authority } from "./certificates.ts";
import { objectOf, siteOf } from "./default-stacks.ts";
import { heldIn } from "./held.ts";
import { installedFolder, installMissing } from "./installed.ts";
import { PodLab } from "./pods/lab.ts";
import { dataOf, type Pod } from "./pods/pod.ts";
import type { Held } from "./pods/volumes.ts";
import { programFile, requireAll, rootMissing } from "./programs.ts";
import { renderedObject } from "./rendered.ts";
import { askS3, type Answered, type Asked } from "./s3.ts";

const site = siteOf("site-a");
const namespace = "minio";
const statefulSet = renderedObject(site, "minio", { kind: "StatefulSet", name: "minio" });
const template = mapAt(statefulSet, "spec", "template", "spec");
const host = "s3.site-a.homelab.internal";
/** https://github.com/minio/minio/blob/master/dockerscripts/docker-entrypoint.sh, without what it does for other users. */
const entrypoint = '#!/bin/sh\nexec "$@"\n';

describe("MinIO, the real one, as its chart starts it", function () {
  inOrder(this);
  this.timeout(180_000);
  const later = afterwards(this);
  let lab: PodLab;
  let authority: Authority;
  let password = "the-first-root-password-of-the-test";
  const pods: Pod[] = [];

  before(async function () {
    const debian = { bwrap: "bubblewrap", openssl: "openssl", ip: "iproute2" };
    const missing = Object.entries(debian).filter(([name]) => programFile(name) === undefined);
    requireAll(this, [
      ...rootMissing(),
      ...missing.map(([name, from]) => `${name}: apt-get install ${from}`),
      ...installMissing("minio"),
    ]);
    lab = await PodLab.create();
    later(() => lab.remove());
    authority = new Authority(join(lab.folder, "authority"));
    const usr = await lab.image("minio", {
      over: [installedFolder("minio")],
      programs: { "bin/docker-entrypoint.sh": entrypoint },
    });
    const secrets = held();
    for (let index = 0; index < Number(mapAt(statefulSet, "spec")["replicas"]); index += 1) {
      const name = `minio-${index}`;
      const claims = listAt(statefulSet, "spec", "volumeClaimTemplates").map(
        (one) => textAt(one, "metadata", "name") ?? "",
      );
      const pod = await lab.pod({ name, namespace, spec: template, claims, usr, held: secrets });
      const own = `${name}.${textAt(statefulSet, "spec", "serviceName")}.${namespace}.svc`;
      lab.resolve(pod.address, [own, `${own}.cluster.local`]);
      pods.push(pod);
    }
  });

  function held(): Held {
    const tls = authority.issue(objectOf(site, "Certificate", "minio-tls"));
    const generated = (name: string, part: string): string =>
      part === "certificate" ? authority.certificate : name === "minio-root" ? password : `${part} of ${name}`;
    return {
      ...heldIn(site, namespace, { generated }),
      "Secret/minio-tls": tls,
      "ConfigMap/minio": dataOf(renderedObject(site, "minio", { kind: "ConfigMap", name: "minio" })),
    };
  }

  const all = (): string => pods.map((pod) => `--- ${pod.spec.name}\n${pod.said.slice(-3000)}`).join("\n");

  /** Asks one server, as root unless it is said otherwise. */
  const ask = (asked: Asked, by = 0): Promise<Answered> => {
    const account = { name: "root", secret: password };
    return askS3(
      { account, ...asked },
      { name: host, port: 9000, address: pods[by]?.address ?? "", ca: authority.certificate },
    );
  };
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

  it("shows a certificate of each name that anything is told to call it by", async () => {
    const names = mapAt(objectOf(site, "Certificate", "minio-tls"), "spec")["dnsNames"] as readonly string[];
    for (const name of ["minio", "minio-2.minio-svc.minio.svc", host]) assert.ok(names.includes(name), name);
    const server = { port: 9000, address: pods[0]?.address ?? "", ca: authority.certificate };
    for (const name of names) {
      assert.equal((await askS3({ method: "GET", path: "/minio/health/live" }, { ...server, name })).status, 200, name);
    }
    const { text } = await askS3({ method: "GET", path: "/" }, { ...server, name: "elsewhere.minio.svc" });
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
    assert.equal((await get("/backups/one", 2)).text, "kept");
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
    assert.equal((await get("/backups/two", 0)).text, "written by two");
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
