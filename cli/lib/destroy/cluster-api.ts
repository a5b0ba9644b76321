import { X509Certificate } from "node:crypto";
import { request } from "node:https";
import { UserError } from "@isthmus/core";
import { parse } from "yaml";
import { z } from "zod";

const answerWithinMilliseconds = 5_000;

const kubeconfigFile = z.object({
  clusters: z
    .array(z.object({ cluster: z.object({ server: z.url(), "certificate-authority-data": z.base64() }) }))
    .min(1),
  users: z
    .array(z.object({ user: z.object({ "client-certificate-data": z.base64(), "client-key-data": z.base64() }) }))
    .min(1),
});

/** One step of a JSON patch, RFC 6902. */
export interface PatchStep {
  readonly op: "replace" | "test";
  readonly path: string;
  readonly value: unknown;
}

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly type?: string;
  readonly accept?: string;
}

/** Answers without what an object holds, such as a Secret's data. https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches */
const metadataOnly = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/** A Kubernetes API with an administrator's certificate: as much of it as the commands need. */
export class ClusterApi {
  readonly server: string;
  readonly #tls: { readonly ca: Buffer; readonly cert: Buffer; readonly key: Buffer };

  /** `kubeconfig` as k3s writes it: one cluster, one user. */
  constructor(kubeconfig: string) {
    const read = kubeconfigFile.safeParse(parse(kubeconfig));
    const [cluster, user] = [read.data?.clusters[0]?.cluster, read.data?.users[0]?.user];
    if (cluster === undefined || user === undefined)
      throw new UserError("The kubeconfig in the stack's outputs is none.");
    this.server = cluster.server;
    this.#tls = {
      ca: Buffer.from(cluster["certificate-authority-data"], "base64"),
      cert: Buffer.from(user["client-certificate-data"], "base64"),
      key: Buffer.from(user["client-key-data"], "base64"),
    };
  }

  /** When the administrator's certificate ends. */
  get certificateEnds(): Date {
    return new Date(new X509Certificate(this.#tls.cert).validTo);
  }

  /** The list or object at a path; undefined where the cluster has no such kind or object. */
  async get(path: string): Promise<unknown> {
    return this.#ask({ method: "GET", path });
  }

  /** The list at a path, of each object its metadata alone; undefined where the cluster has no such kind. */
  async metadata(path: string): Promise<unknown> {
    return this.#ask({ method: "GET", path, accept: metadataOnly });
  }

  /** Deletes the object at a path; undefined where it is not there. */
  async remove(path: string): Promise<unknown> {
    return this.#ask({ method: "DELETE", path });
  }

  /** Changes the object at a path, all steps or none; undefined where it is not there. */
  async patch(path: string, steps: readonly PatchStep[]): Promise<unknown> {
    return this.#ask({ method: "PATCH", path, body: steps, type: "application/json-patch+json" });
  }

  /** Merges `change` into the object at a path; undefined where it is not there. */
  async merge(path: string, change: object): Promise<unknown> {
    return this.#ask({ method: "PATCH", path, body: change, type: "application/merge-patch+json" });
  }

  async #ask({ method, path, body, type, accept }: Asked): Promise<unknown> {
    const { status, text } = await new Promise<{ status: number; text: string }>((resolve, reject) => {
      const headers = {
        ...(type === undefined ? {} : { "Content-Type": type }),
        ...(accept === undefined ? {} : { Accept: accept }),
      };
      const signal = AbortSignal.timeout(answerWithinMilliseconds);
      const asked = request(new URL(path, this.server), { method, headers, signal, ...this.#tls }, (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("error", reject);
        response.on("end", () => {
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() });
        });
      });
      asked.on("error", reject);
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
    if (status === 404) return undefined;
    if (status !== 200) throw new Error(`${method} ${path}: status ${status}`);
    return JSON.parse(text) as unknown;
  }
}
