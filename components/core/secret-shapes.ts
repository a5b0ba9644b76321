/** What a text has that is a secret wherever it stands. A message says so in place of the text itself. */
interface Shape {
  readonly what: string;
  readonly pattern: RegExp;
}

/** By what they begin with or contain. */
const shapes: readonly Shape[] = [
  { what: "a private key", pattern: /-----BEGIN [A-Z ]*PRIVATE KEY( BLOCK)?-----[^"]*?(-----END [A-Z -]*-----|$)/ },
  { what: "an age key", pattern: /AGE-SECRET-KEY-1[0-9A-Z]{20,}/ },
  { what: "a GitHub token", pattern: /\b(gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})\b/ },
  { what: "a GitLab token", pattern: /\bgl(pat|dt|rt|soat)-[A-Za-z0-9_-]{20,}/ },
  { what: "a Slack token", pattern: /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/ },
  { what: "a Vault token", pattern: /\bhv[sbr]\.[A-Za-z0-9_-]{24,}/ },
  { what: "an AWS access key", pattern: /\bA(KIA|SIA)[0-9A-Z]{16}\b/ },
  { what: "a Tailscale key", pattern: /\btskey-[a-z]+-[A-Za-z0-9-]{10,}/ },
  { what: "a JSON web token", pattern: /\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/ },
  { what: "a password hash", pattern: /\$(2[aby]|apr1|5|6|y)\$[./A-Za-z0-9$=,]{8,}/ },
  { what: "a URL with a password", pattern: /\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@{}$]+:[^\s:/@{}$]+@[^\s/"]+/i },
  // https://docs.k3s.io/cli/token
  { what: "a token of k3s", pattern: /\bK10[0-9a-f]{8,}::[^\s"]+/ },
  { what: "a bootstrap token", pattern: /\b[a-z0-9]{6}\.[a-z0-9]{16}\b/ },
  // https://pve.proxmox.com/wiki/User_Management#pveum_tokens
  { what: "a token of Proxmox", pattern: /[\w.-]+@[\w.-]+![\w.-]+=[0-9a-f-]{30,36}/i },
  { what: "a webhook's URL", pattern: /\bhttps?:\/\/(discord(app)?\.com\/api\/webhooks|hooks\.slack\.com)\/[^\s"]+/i },
  // https://core.telegram.org/bots/api#authorizing-your-bot
  { what: "a token of Telegram", pattern: /\b\d{8,10}:[A-Za-z0-9_-]{35}\b/ },
];

/** Of a value that is quoted, also what was drawn by lot: nobody wrote it by hand, and no field of a stack file wants it. */
const drawnByLot: readonly Shape[] = [
  { what: "a UUID", pattern: /\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/i },
  { what: "a long hexadecimal number", pattern: /\b[0-9a-f]{32,}\b/i },
  // An SSH public key, which begins with its type in base64, is told to everybody.
  {
    what: "a random text",
    pattern: /(?<![\w+/-])(?!AAAA[BCE])(?=[\w+/-]*[a-z])(?=[\w+/-]*[A-Z])(?=[\w+/-]*\d)[\w+/-]{20,}={0,2}/,
  },
];

/** What secret a text holds by its shape, or `undefined`. */
export function secretShape(text: string): string | undefined {
  return shapes.find(({ pattern }) => pattern.test(text))?.what;
}

/** A text for a message: without what is a secret wherever it stands. */
export const withoutSecrets = (text: string): string => hide(text, shapes);

/** A value as a message quotes it: without what is a secret, or looks drawn by lot. */
export const withoutRandom = (text: string): string => hide(withoutSecrets(text), drawnByLot);

function hide(text: string, among: readonly Shape[]): string {
  return among.reduce(
    (rest, { what, pattern }) => rest.replaceAll(new RegExp(pattern, `${pattern.flags}gs`), `(${what}, not repeated)`),
    text,
  );
}
