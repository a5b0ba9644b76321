import { isHostKey } from "@isthmus/core";
import { Client } from "ssh2";

const answerWithinMilliseconds = 4_000;

/** The Ed25519 key that a machine shows over SSH; nobody logs in. Undefined where it does not answer, or has none. */
export async function shownKey(host: string, port = 22): Promise<string | undefined> {
  return new Promise((resolve) => {
    const client = new Client();
    let shown: string | undefined;
    const end = (): void => {
      client.destroy();
      resolve(shown);
    };
    client.on("error", end);
    client.on("close", end);
    client.connect({
      host,
      port,
      username: "nobody",
      readyTimeout: answerWithinMilliseconds,
      algorithms: { serverHostKey: ["ssh-ed25519"] },
      hostVerifier: (key: Buffer) => {
        const text = `ssh-ed25519 ${key.toString("base64")}`;
        shown = isHostKey(text) ? text : undefined;
        return false;
      },
    });
  });
}
