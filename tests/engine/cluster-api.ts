/**
 * As much of a Kubernetes API server as `recover` asks, over the simulated world: Helm's Secrets, objects' writers.
 * Source of each answer's shape: https://kubernetes.io/docs/reference/using-api/api-concepts/
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";

import { groupOf } from "../kits/providers/rules/kubernetes-kinds.ts";
import { fromFieldsV1, toFieldsV1, type Managers } from "../kits/providers/rules/kubernetes-managers.ts";
import type { Revision } from "../kits/providers/rules/kubernetes-release.ts";
import type { Store, Thing } from "../kits/providers/store.ts";
import type { Properties } from "../kits/providers/values.ts";

export class SimulatedApi {
  /** What was asked, `DELETE /api/v1/…`. */
  readonly asked: string[] = [];
  readonly #server: Server;
  readonly #pem: { readonly key: Buffer; readonly cert: Buffer };
  #store: Store | undefined;

  static async start(): Promise<SimulatedApi> {
    const api = new SimulatedApi(madeCertificate());
    await new Promise<void>((resolve) => {
      api.#server.listen(0, "127.0.0.1", resolve);
    });
    return api;
  }

  private constructor(pem: { readonly key: Buffer; readonly cert: Buffer }) {
    this.#pem = pem;
    this.#server = createServer({ ...pem, ca: pem.cert, requestCert: true }, (request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const { method = "", url = "" } = request;
        this.asked.push(`${method} ${url}`);
        const answer = this.#answer(method, url, Buffer.concat(parts).toString());
        response.statusCode = answer === undefined ? 404 : 200;
        response.end(JSON.stringify(answer ?? {}));
      });
    });
  }

  /** The world that it shows. */
  serves(store: Store): void {
    this.#store = store;
  }

  get url(): string {
    return `https://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  get kubeconfig(): string {
    const [key, cert] = [this.#pem.key.toString("base64"), this.#pem.cert.toString("base64")];
    return stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "c", cluster: { server: this.url, "certificate-authority-data": cert } }],
      users: [{ name: "u", user: { "client-certificate-data": cert, "client-key-data": key } }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      "current-context": "x",
    });
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #things(kind?: string): readonly Thing[] {
    return this.#store?.list("kubernetes", this.url, ...(kind === undefined ? [] : [kind])) ?? [];
  }

  #answer(method: string, url: string, body: string): unknown {
    const revision = /\/namespaces\/(.+)\/secrets\/sh\.helm\.release\.v1\.(.+)\.v(\d+)$/.exec(url);
    if (revision !== null && method === "DELETE") return this.#forget(revision.slice(1));
    if (url.startsWith("/api/v1/secrets?labelSelector=owner%3Dhelm")) return { items: this.#revisions() };
    const [, groupVersion = "", rest = ""] = /^\/(?:api|apis)\/(v1|[^/]+\/[^/?]+)\/?(.*)$/.exec(url) ?? [];
    if (rest === "") return { resources: this.#kinds(groupVersion) };
    if (method === "GET") return { items: this.#metadata(groupVersion, rest) };
    return method === "PATCH" ? this.#patch(rest, JSON.parse(body) as Patch) : undefined;
  }

  #kinds(groupVersion: string): readonly object[] {
    const group = groupOf(groupVersion);
    const names = new Set(this.#things().map(({ key }) => key[2] ?? ""));
    const kinds = [...names].filter((name) => name.slice(0, name.lastIndexOf(".")) === group);
    return kinds.map((name) => {
      const kind = name.slice(name.lastIndexOf(".") + 1);
      return { name: plural(kind), kind, namespaced: kind !== "Namespace" };
    });
  }

  #metadata(groupVersion: string, kinds: string): readonly object[] {
    const group = groupOf(groupVersion);
    const things = this.#things().filter(({ key }) => {
      const name = key[2] ?? "";
      return name.startsWith(`${group}.`) && plural(name.slice(group.length + 1)) === kinds;
    });
    return things.map(({ key, state }) => {
      const { managers = {} } = state as { readonly managers?: Managers };
      const managedFields = Object.entries(managers).map(([manager, paths]) => {
        return {
          manager,
          operation: "Apply",
          apiVersion: groupVersion,
          fieldsType: "FieldsV1",
          fieldsV1: toFieldsV1(paths),
        };
      });
      return { metadata: { namespace: key[3], name: key[4], resourceVersion: "1", managedFields } };
    });
  }

  #patch(rest: string, steps: Patch): unknown {
    const [name, kinds] = rest.split("/").reverse();
    const namespace = /^namespaces\/([^/]+)\//.exec(rest)?.[1] ?? "";
    const same = ({ key }: Thing): boolean =>
      key[4] === name && key[3] === namespace && plural((key[2] ?? "").split(".").at(-1) ?? "") === kinds;
    const found = this.#things().find(same);
    const fields = steps.find(({ path }) => path === "/metadata/managedFields")?.value as ManagedFields | undefined;
    if (found === undefined || fields === undefined) return undefined;
    const managers = Object.fromEntries(fields.map((one) => [one.manager, fromFieldsV1(one.fieldsV1)]));
    this.#store?.put({ ...found, state: { ...found.state, managers } });
    return {};
  }

  #revisions(): readonly object[] {
    return this.#things("Release").flatMap(({ key: [, , , namespace, name], state }) =>
      (state["revisions"] as unknown as readonly Revision[]).map(({ revision, status }) => ({
        metadata: { namespace, labels: { name, status, version: String(revision), owner: "helm" } },
      })),
    );
  }

  #forget([namespace, name, number]: readonly string[]): unknown {
    const found = this.#things("Release").find(({ key }) => key[3] === namespace && key[4] === name);
    if (found === undefined) return undefined;
    const revisions = found.state["revisions"] as unknown as readonly Revision[];
    const left = revisions.filter(({ revision }) => String(revision) !== number);
    const [last] = left;
    if (last === undefined) this.#store?.remove(found.key);
    else {
      const state = { ...found.state, inputs: last.inputs, revisions: left as unknown as Properties[] };
      this.#store?.put({ ...found, state });
    }
    return {};
  }
}

type Patch = readonly { readonly path: string; readonly value: unknown }[];
type ManagedFields = readonly { readonly manager: string; readonly fieldsV1: Properties }[];

const plural = (kind: string): string => `${kind.toLowerCase()}s`;

function madeCertificate(): { readonly key: Buffer; readonly cert: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-api-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"];
  const names = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync("openssl", [...request, ...names, "-keyout", key, "-out", cert], { stdio: "ignore" });
  const pem = { key: readFileSync(key), cert: readFileSync(cert) };
  rmSync(folder, { recursive: true });
  return pem;
}
