import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { listAt, textAt, type Json, type KubernetesObject } from "../../../cli/lib/charts/kubernetes.ts";
import { fieldManager } from "../../../program/field-manager.ts";

/** A name in the certificate that an API server makes for itself. */
export const serverName = "kubernetes.default.svc";

/** What the API server answered that is no success. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export interface Ask {
  readonly body?: unknown;
  /** Default: JSON. */
  readonly contentType?: string;
}

interface Answer {
  readonly data: unknown;
  /** Such as that a version is deprecated. */
  readonly warnings: readonly string[];
}

export interface Applied {
  readonly object: KubernetesObject;
  readonly warnings: readonly string[];
}

interface Resource {
  readonly path: string;
  readonly namespaced: boolean;
}

/** Where in the API objects of a kind are. */
export interface Place {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string | undefined;
}

/** A client of one API server. */
export class Api {
  private readonly agent: Agent;
  private readonly known = new Map<string, Promise<ReadonlyMap<string, Resource>>>();

  constructor(private readonly at: { readonly port: number; readonly token: string; readonly authorityFile: string }) {
    this.agent = new Agent({ keepAlive: true, maxSockets: 16, ca: readFileSync(at.authorityFile) });
  }

  close(): void {
    this.agent.destroy();
  }

  async get(path: string): Promise<Json> {
    return (await this.ask("GET", path)).data as Json;
  }

  /** An object with a namespace, where its kind has one and it says none. */
  async within(object: KubernetesObject, namespace: string): Promise<KubernetesObject> {
    const { namespaced } = await this.resourceOf(object);
    if (!namespaced || object.metadata.namespace !== undefined) return object;
    return { ...object, metadata: { ...object.metadata, namespace } };
  }

  /** All objects of a kind; without a namespace, those of all namespaces. */
  async list(place: Place): Promise<readonly KubernetesObject[]> {
    const { apiVersion, kind } = place;
    const items = listAt(await this.get(await this.pathOf(place)), "items");
    return items.map((item) => ({ ...item, apiVersion, kind }) as unknown as KubernetesObject);
  }

  /** Applies an object server-side, in the name under which the program writes. Unknown fields are refused. */
  async apply(object: KubernetesObject, { dryRun = false }: { readonly dryRun?: boolean } = {}): Promise<Applied> {
    const path = await this.pathOf({ ...object, namespace: object.metadata.namespace });
    const query = `fieldManager=${fieldManager}&force=true&fieldValidation=Strict${dryRun ? "&dryRun=All" : ""}`;
    const { data, warnings } = await this.ask("PATCH", `${path}/${object.metadata.name}?${query}`, {
      body: object,
      contentType: "application/apply-patch+yaml",
    });
    return { object: data as KubernetesObject, warnings };
  }

  async create(place: Place, body: unknown, query = ""): Promise<KubernetesObject> {
    return (await this.ask("POST", `${await this.pathOf(place)}${query}`, { body })).data as KubernetesObject;
  }

  /** Changes a part of an object (`merge-patch`), or of what stands below it, such as `/status`. */
  async merge(object: KubernetesObject, body: unknown, below = ""): Promise<void> {
    const path = await this.pathOf({ ...object, namespace: object.metadata.namespace });
    const contentType = "application/merge-patch+json";
    await this.ask("PATCH", `${path}/${object.metadata.name}${below}`, { body, contentType });
  }

  async remove(object: KubernetesObject, query = ""): Promise<void> {
    const path = await this.pathOf({ ...object, namespace: object.metadata.namespace });
    await this.ask("DELETE", `${path}/${object.metadata.name}${query}`);
  }

  async ask(method: string, path: string, { body, contentType = "application/json" }: Ask = {}): Promise<Answer> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      authorization: `Bearer ${this.at.token}`,
      "content-type": contentType,
      accept: "application/json",
    };
    return new Promise((resolve, reject) => {
      const asked = request(
        { host: "127.0.0.1", port: this.at.port, method, path, headers, agent: this.agent, servername: serverName },
        (answer) => {
          const parts: Buffer[] = [];
          answer.on("data", (part: Buffer) => parts.push(part));
          answer.on("error", reject);
          answer.on("end", () => {
            const told = Buffer.concat(parts).toString();
            const status = answer.statusCode ?? 0;
            const data = parsed(told);
            if (status < 300) resolve({ data, warnings: warningsIn(answer.headers["warning"]) });
            else reject(new Refusal(status, textAt(data, "message") ?? told));
          });
        },
      );
      asked.on("error", reject);
      asked.end(text);
    });
  }

  private async pathOf({ apiVersion, kind, namespace }: Place): Promise<string> {
    const found = await this.resourceOf({ apiVersion, kind });
    return found.namespaced && namespace !== undefined
      ? `${rootOf(apiVersion)}/namespaces/${namespace}/${found.path}`
      : `${rootOf(apiVersion)}/${found.path}`;
  }

  /** A kind that is not known may have been defined since. */
  private async resourceOf({ apiVersion, kind }: Pick<Place, "apiVersion" | "kind">): Promise<Resource> {
    const known = (await this.resources(apiVersion)).get(kind);
    if (known !== undefined) return known;
    this.known.delete(apiVersion);
    const found = (await this.resources(apiVersion)).get(kind);
    if (found === undefined) throw new Refusal(404, `there is no kind ${kind} in ${apiVersion}`);
    return found;
  }

  private async resources(apiVersion: string): Promise<ReadonlyMap<string, Resource>> {
    const known = this.known.get(apiVersion) ?? this.discover(apiVersion);
    this.known.set(apiVersion, known);
    return known;
  }

  private async discover(apiVersion: string): Promise<ReadonlyMap<string, Resource>> {
    const found = await this.get(rootOf(apiVersion)).catch((error: unknown) => {
      if (error instanceof Refusal && error.status === 404) return {};
      throw error;
    });
    return new Map(
      listAt(found, "resources")
        .filter(({ name }) => !String(name).includes("/"))
        .map((one) => [String(one["kind"]), { path: String(one["name"]), namespaced: one["namespaced"] === true }]),
    );
  }
}

const rootOf = (apiVersion: string): string =>
  apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return { message: text };
  }
}

/** `299 - "text"`, several of them with commas between: RFC 9110, 5.6.4. */
function warningsIn(header: unknown): readonly string[] {
  const text = typeof header === "string" ? header : Array.isArray(header) ? header.join(", ") : "";
  return [...text.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, message = ""]) =>
    message.replaceAll(/\\(.)/g, "$1"),
  );
}
