import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TLSSocket } from "node:tls";
import { stringify } from "yaml";
import { ClusterApi } from "./cluster-api.ts";
import { lastBackups } from "./last-backups.ts";
import { letLonghornGo } from "./longhorn.ts";

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly type: string | undefined;
  readonly body: string;
  readonly accept?: string | undefined;
}

/** What a cluster with CloudNativePG and Longhorn and without snapshots answers. */
const answers: Readonly<Record<string, unknown>> = {
  "/apis/postgresql.cnpg.io/v1/clusters": {
    items: [
      {
        metadata: { name: "main", namespace: "cloudnative-pg" },
        status: { lastSuccessfulBackup: "2026-11-20T03:00:00Z" },
      },
      { metadata: { name: "new", namespace: "shop" }, status: {} },
    ],
  },
  "/apis/longhorn.io/v1beta2/volumes": {
    items: [
      {
        metadata: { name: "pvc-1", namespace: "longhorn" },
        status: {
          lastBackupAt: "2026-11-20T02:00:00Z",
          kubernetesStatus: { namespace: "vault", pvcName: "data-vault-0" },
        },
      },
      { metadata: { name: "pvc-2", namespace: "longhorn" }, status: { lastBackupAt: "", kubernetesStatus: {} } },
    ],
  },
  "/apis/longhorn.io/v1beta2/settings": {
    items: [
      { metadata: { name: "backup-target", namespace: "longhorn" } },
      { metadata: { name: "deleting-confirmation-flag", namespace: "longhorn" } },
    ],
  },
  "/apis/longhorn.io/v1beta2/namespaces/longhorn/settings/deleting-confirmation-flag": { value: "true" },
};

describe("a cluster's API, asked for last backups", function () {
  let server: Server;
  let folder: string;
  let kubeconfig: string;
  const asked: Asked[] = [];

  before(function () {
    if (spawnSync("openssl", ["version"]).status !== 0) {
      console.warn("skipped: there is no `openssl` to make certificates with");
      this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), "isthmus-api-"));
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const subject = ["-days", "1", "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"];
    execFileSync("openssl", [...request, ...subject, "-keyout", key, "-out", cert], { stdio: "ignore" });
    const pem = { key: readFileSync(key), cert: readFileSync(cert) };
    server = createServer(
      { ...pem, ca: pem.cert, requestCert: true, rejectUnauthorized: false },
      (request, response) => {
        let body = "";
        request.on("data", (part: Buffer) => (body += part.toString()));
        request.on("end", () => {
          const path = request.url ?? "";
          const { "content-type": type, accept } = request.headers;
          asked.push({ method: request.method ?? "", path, type, body, ...(accept === undefined ? {} : { accept }) });
          const known = request.socket instanceof TLSSocket && request.socket.authorized;
          response.statusCode = !known ? 401 : answers[path] === undefined ? 404 : 200;
          response.end(JSON.stringify(answers[path] ?? {}));
        });
      },
    );
    return new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", () => {
        const { port } = server.address() as AddressInfo;
        const base64 = (file: Buffer): string => file.toString("base64");
        kubeconfig = stringify({
          clusters: [
            { cluster: { server: `https://127.0.0.1:${port}`, "certificate-authority-data": base64(pem.cert) } },
          ],
          users: [{ user: { "client-certificate-data": base64(pem.cert), "client-key-data": base64(pem.key) } }],
        });
        resolve();
      });
    });
  });
  after(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  it("tells when each thing was backed up last, or that it never was", async () => {
    assert.deepEqual(await lastBackups(new ClusterApi(kubeconfig)), [
      { namespace: "cloudnative-pg", of: "PostgreSQL main", at: "2026-11-20T03:00:00Z" },
      { namespace: "shop", of: "PostgreSQL new" },
      { namespace: "vault", of: "volume data-vault-0", at: "2026-11-20T02:00:00Z" },
      { namespace: "", of: "volume pvc-2" },
    ]);
  });

  it("tells Longhorn, by a merge as the API server wants it, that its data may be deleted", async () => {
    assert.equal(await letLonghornGo(new ClusterApi(kubeconfig)), "Longhorn is told that its data may be deleted.");
    assert.deepEqual(asked.at(-1), {
      method: "PATCH",
      path: "/apis/longhorn.io/v1beta2/namespaces/longhorn/settings/deleting-confirmation-flag",
      type: "application/merge-patch+json",
      body: '{"value":"true"}',
    });
  });

  it("asks for metadata alone, deletes, and patches all steps or none", async () => {
    const api = new ClusterApi(kubeconfig);
    const steps = [{ op: "test", path: "/metadata/resourceVersion", value: "7" }] as const;
    assert.equal(await api.metadata("/api/v1/secrets"), undefined);
    assert.equal(await api.remove("/api/v1/namespaces/apps/secrets/s"), undefined);
    assert.equal(await api.patch("/api/v1/namespaces/apps/secrets/s", steps), undefined);
    assert.deepEqual(
      asked.slice(-3).map(({ method, type, accept, body }) => [method, type, accept?.split(";")[1], body]),
      [
        ["GET", undefined, "as=PartialObjectMetadataList", ""],
        ["DELETE", undefined, undefined, ""],
        ["PATCH", "application/json-patch+json", undefined, JSON.stringify(steps)],
      ],
    );
  });

  it("fails where the cluster is another one, or is not there", async () => {
    const other = kubeconfig.replace(/server: https:\S+/, "server: https://127.0.0.1:9");
    await assert.rejects(lastBackups(new ClusterApi(other)), /ECONNREFUSED/);
    assert.throws(() => new ClusterApi("{}"), /kubeconfig in the stack's outputs is none/);
  });
});
