/** A load balancer for the Kubernetes API, as a site keeps one: each connection goes to the first server that takes it. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

const apiPort = 6443;

export interface LoadBalancer {
  close(): Promise<void>;
}

export async function loadBalancer(address: string, servers: () => readonly string[]): Promise<LoadBalancer> {
  const open = new Set<Socket>();
  const listener = createServer((client) => {
    open.add(client);
    client.on("error", () => client.destroy());
    client.on("close", () => open.delete(client));
    void firstOf(servers()).then((server) => {
      if (server === undefined || client.destroyed) {
        client.destroy();
        server?.destroy();
        return;
      }
      server.on("error", () => client.destroy());
      server.on("close", () => client.destroy());
      client.on("close", () => server.destroy());
      client.pipe(server).pipe(client);
    });
  });
  listener.listen(apiPort, address);
  await once(listener, "listening");
  return {
    async close() {
      for (const socket of open) socket.destroy();
      listener.close();
      await once(listener, "close");
    },
  };
}

async function firstOf(addresses: readonly string[]): Promise<Socket | undefined> {
  for (const address of addresses) {
    const socket = connect({ host: address, port: apiPort });
    const taken = await Promise.race([
      once(socket, "connect").then(
        () => true,
        () => false,
      ),
      new Promise<false>((resolve) => setTimeout(resolve, 700, false)),
    ]);
    if (taken) return socket;
    socket.on("error", () => undefined);
    socket.destroy();
  }
  return undefined;
}
