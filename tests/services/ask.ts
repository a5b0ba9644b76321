import { request, type RequestOptions } from "node:https";

/** What a server said; status 0: nobody answered, and `text` says why. */
export interface Reply {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** Asks a server once, within the time that the options give it. */
export function ask(options: RequestOptions, body: string | undefined): Promise<Reply> {
  return new Promise((resolve) => {
    const sent = request({ ...options, agent: false }, (response) => {
      let text = "";
      response.on("data", (part: Buffer) => (text += part.toString()));
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, text, headers: response.headers });
      });
    });
    sent.on("timeout", () => sent.destroy(new Error(`no answer in ${String(options.timeout)} ms`)));
    sent.on("error", (error) => {
      resolve({ status: 0, text: error.message, headers: {} });
    });
    sent.end(body);
  });
}
