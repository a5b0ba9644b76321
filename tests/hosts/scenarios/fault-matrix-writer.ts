/** Somebody who works with the cluster while it is worked on: what the API acknowledged has to be there afterwards. */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";

import { parse } from "yaml";
import { aServer } from "../../kits/site/cluster-state.ts";
import type { TestSite } from "../../kits/site/test-site.ts";

const patienceMs = 3_000;
const pauseMs = 200;
const configMaps = "/api/v1/namespaces/default/configmaps";

interface Kubeconfig {
  readonly clusters: readonly [{ readonly cluster: { readonly "certificate-authority-data": string } }];
  readonly users: readonly [
    { readonly user: { readonly "client-certificate-data": string; readonly "client-key-data": string } },
  ];
}

export class Writer {
  readonly #agent: Agent;
  readonly #host: string;
  readonly #prefix: string;
  readonly #over = new AbortController();
  readonly #done: Promise<void>;
  /** Names of the objects whose writing the API acknowledged. */
  readonly acknowledged: string[] = [];
  /** The longest time between two writes that were acknowledged. */
  longestSilenceMs = 0;

  /** Writes by the API's address, as a person does: whichever server takes the connection. */
  static async start(site: TestSite, prefix: string): Promise<Writer> {
    const kubeconfig = parse(await aServer(site).ok("cat /etc/rancher/k3s/k3s.yaml")) as Kubeconfig;
    return new Writer(site.lab.network.address(1), prefix, kubeconfig);
  }

  private constructor(host: string, prefix: string, { clusters, users }: Kubeconfig) {
    this.#host = host;
    this.#prefix = prefix;
    const plain = (data: string): string => Buffer.from(data, "base64").toString();
    this.#agent = new Agent({
      ca: plain(clusters[0].cluster["certificate-authority-data"]),
      cert: plain(users[0].user["client-certificate-data"]),
      key: plain(users[0].user["client-key-data"]),
      checkServerIdentity: () => undefined,
    });
    this.#done = this.#write();
  }

  /** Those of the acknowledged that are not there any more. */
  async lost(): Promise<readonly string[]> {
    this.#over.abort();
    await this.#done;
    const answer = JSON.parse(await this.#list()) as {
      readonly items: readonly { readonly metadata: { readonly name: string } }[];
    };
    const there = new Set(answer.items.map(({ metadata }) => metadata.name));
    return this.acknowledged.filter((name) => !there.has(name));
  }

  stop(): void {
    this.#over.abort();
    this.#agent.destroy();
  }

  /** With patience: right after a fault etcd may be choosing its leader. */
  async #list(): Promise<string> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#ask("GET");
      } catch (error) {
        if (tries === 5) throw error;
        await sleep(1_000);
      }
    }
  }

  async #write(): Promise<void> {
    let last = performance.now();
    for (let number = 1; !this.#over.signal.aborted; number += 1) {
      const name = `${this.#prefix}-${String(number)}`;
      const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" }, data: {} };
      try {
        await this.#ask("POST", JSON.stringify(object));
        this.acknowledged.push(name);
        this.longestSilenceMs = Math.max(this.longestSilenceMs, Math.round(performance.now() - last));
        last = performance.now();
      } catch {
        // Not acknowledged: it may be there or not.
      }
      await sleep(pauseMs);
    }
    this.longestSilenceMs = Math.max(this.longestSilenceMs, Math.round(performance.now() - last));
  }

  async #ask(method: "GET" | "POST", body = ""): Promise<string> {
    const asked = request({
      agent: this.#agent,
      host: this.#host,
      port: 6443,
      path: configMaps,
      method,
      headers: { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) },
      signal: AbortSignal.timeout(patienceMs),
    });
    asked.end(body);
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    if ((answer.statusCode ?? 500) >= 300)
      throw new Error(`${method} was answered with ${String(answer.statusCode)}: ${text}`);
    return text;
  }
}
