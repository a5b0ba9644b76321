import { createServer, type Server } from "node:https";
import type { Issued } from "./certificates.ts";

/** What a program that says of itself what it is needs of an API server: its own pod, whose labels it sets. */
export interface PodsApi {
  /** Labels of pods by their name. */
  readonly labels: ReadonlyMap<string, Readonly<Record<string, string>>>;
  close(): void;
}

interface Patch {
  readonly op: string;
  readonly path: string;
  readonly value: string;
}

/** Answers for `GET` and `PATCH` (JSON patches of labels) of pods that are known, and refuses everything else. */
export async function servePods(
  names: readonly string[],
  { certificate, address, port }: { readonly certificate: Issued; readonly address: string; readonly port: number },
): Promise<PodsApi> {
  const labels = new Map<string, Record<string, string>>(names.map((name) => [name, {}]));
  const server: Server = createServer(
    { cert: certificate["tls.crt"], key: certificate["tls.key"] },
    (asked, answer) => {
      let body = "";
      asked.on("data", (part: Buffer) => (body += part.toString()));
      asked.on("end", () => {
        const name = /^\/api\/v1\/namespaces\/[^/]+\/pods\/([^/?]+)/.exec(asked.url ?? "")?.[1] ?? "";
        const own = labels.get(name);
        const known = own !== undefined && ["GET", "PATCH"].includes(asked.method ?? "");
        if (known && asked.method === "PATCH") {
          for (const { path, value } of JSON.parse(body) as readonly Patch[]) {
            own[path.replace("/metadata/labels/", "")] = value;
          }
        }
        answer.writeHead(known ? 200 : 404, { "content-type": "application/json" });
        answer.end(JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata: { name, labels: own ?? {} } }));
      });
    },
  );
  await new Promise<void>((resolve) => server.listen(port, address, resolve));
  return {
    labels,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
