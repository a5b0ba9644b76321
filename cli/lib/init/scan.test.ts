import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { createServer, type AddressInfo, type Server as TcpServer } from "node:net";
import ssh2 from "ssh2";
import { shownKey } from "./scan.ts";

const listening = async (server: Pick<TcpServer, "listen" | "address" | "once">): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
};

describe("the key that a machine shows", () => {
  it("is its Ed25519 key, and nobody logs in to learn it", async () => {
    const { private: key, public: shown } = ssh2.utils.generateKeyPairSync("ed25519");
    let logins = 0;
    const server = new ssh2.Server({ hostKeys: [key] }, (client) => {
      client.on("authentication", () => (logins += 1));
      client.on("error", () => undefined);
    });
    const port = await listening(server);
    assert.equal(await shownKey("127.0.0.1", port), shown.trim().split(" ").slice(0, 2).join(" "));
    assert.equal(logins, 0);
    server.close();
  });

  it("is not known where nothing listens, or something else does, or there is an RSA key only", async () => {
    const closed = createServer();
    const port = await listening(closed);
    closed.close();
    assert.equal(await shownKey("127.0.0.1", port), undefined);
    const page = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    assert.equal(await shownKey("127.0.0.1", await listening(page)), undefined);
    page.close();
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const rsa = new ssh2.Server({ hostKeys: [privateKey.export({ type: "pkcs1", format: "pem" })] }, (client) => {
      client.on("error", () => undefined);
    });
    assert.equal(await shownKey("127.0.0.1", await listening(rsa as unknown as TcpServer)), undefined);
    rsa.close();
  });
});
