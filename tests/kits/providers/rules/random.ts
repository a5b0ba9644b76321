/** `@pulumi/random`: truly random, kept in the state alone. Every change but one of `keepers`' absence replaces. */
import { execFile } from "node:child_process";
import { randomBytes, randomInt, randomUUID } from "node:crypto";
import { promisify } from "node:util";

import { Refusal, type Call, type Made, type PackageRules, type ResourceRules } from "../contract.ts";
import { at, textAt, type Properties } from "../values.ts";

const LETTERS = "abcdefghijklmnopqrstuvwxyz";
const DIGITS = "0123456789";
const SPECIAL = "!@#$%&*()-_=+[]{}<>:?";

const randomPassword: ResourceRules = {
  required: ["length"],
  secrets: ["result", "bcryptHash"],
  computed: ["result", "bcryptHash"],
  create: async (call) => {
    const result = characters(call.inputs);
    return { id: "none", outputs: { result, bcryptHash: await bcrypt(result) } };
  },
};

const randomString: ResourceRules = {
  required: ["length"],
  computed: ["result"],
  create: (call) => {
    const result = characters(call.inputs);
    return { id: result, outputs: { result } };
  },
};

const randomId: ResourceRules = {
  required: ["byteLength"],
  computed: ["b64Std", "b64Url", "dec", "hex"],
  create: (call) => {
    const bytes = randomBytes(numberAt(call.inputs, "byteLength", 0));
    const prefix = textAt(call.inputs, "prefix") ?? "";
    const hex = bytes.toString("hex");
    const dec = BigInt(`0x${hex}`).toString();
    const [b64Std, b64Url] = [bytes.toString("base64"), bytes.toString("base64url")];
    const outputs = { hex: prefix + hex, dec: prefix + dec, b64Std: prefix + b64Std, b64Url: prefix + b64Url };
    return { id: b64Url, outputs };
  },
};

const randomBytesRules: ResourceRules = {
  required: ["length"],
  secrets: ["base64", "hex"],
  computed: ["base64", "hex"],
  create: (call) => {
    const bytes = randomBytes(numberAt(call.inputs, "length", 0));
    return { id: "none", outputs: { base64: bytes.toString("base64"), hex: bytes.toString("hex") } };
  },
};

const randomUuid: ResourceRules = {
  computed: ["result"],
  create: () => {
    const result = randomUUID();
    return { id: result, outputs: { result } };
  },
};

const randomInteger: ResourceRules = {
  required: ["min", "max"],
  computed: ["result"],
  create: (call: Call): Made => {
    const result = randomInt(numberAt(call.inputs, "min", 0), numberAt(call.inputs, "max", 0) + 1);
    return { id: String(result), outputs: { result } };
  },
};

export const rules: PackageRules = {
  resource: (type) =>
    ({
      "random:index/randomPassword:RandomPassword": randomPassword,
      "random:index/randomString:RandomString": randomString,
      "random:index/randomId:RandomId": randomId,
      "random:index/randomBytes:RandomBytes": randomBytesRules,
      "random:index/randomUuid:RandomUuid": randomUuid,
      "random:index/randomInteger:RandomInteger": randomInteger,
    })[type],
};

/** The classes that are on, each at least as often as its minimum says, in random order. */
function characters(inputs: Properties): string {
  const on = (name: string): boolean => at(inputs, name) !== false;
  const classes = [
    { set: LETTERS, on: on("lower"), least: numberAt(inputs, "minLower", 0) },
    { set: LETTERS.toUpperCase(), on: on("upper"), least: numberAt(inputs, "minUpper", 0) },
    { set: DIGITS, on: on("numeric") && on("number"), least: numberAt(inputs, "minNumeric", 0) },
    { set: textAt(inputs, "overrideSpecial") ?? SPECIAL, on: on("special"), least: numberAt(inputs, "minSpecial", 0) },
  ];
  const all = classes
    .filter((kind) => kind.on)
    .map((kind) => kind.set)
    .join("");
  if (all === "") throw new Refusal("the character set specified is empty");
  const picked = classes.flatMap((kind) => pick(kind.set, kind.least));
  const rest = pick(all, Math.max(0, numberAt(inputs, "length", 0) - picked.length));
  return shuffled([...picked, ...rest]).join("");
}

function pick(set: string, count: number): readonly string[] {
  return Array.from({ length: count }, () => set.charAt(randomInt(set.length)));
}

function shuffled(items: readonly string[]): readonly string[] {
  const keyed = items.map((item) => ({ item, key: randomBytes(6).readUIntBE(0, 6) }));
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
}

function numberAt(inputs: Properties, path: string, otherwise: number): number {
  const value = at(inputs, path);
  return typeof value === "number" ? value : otherwise;
}

/** By the system's crypt(3), which knows bcrypt on today's Linux distributions; the password goes by stdin. */
async function bcrypt(password: string): Promise<string> {
  const salt = randomBytes(32).toString("base64").replace(/[+/=]/g, "").slice(0, 21);
  const running = promisify(execFile)("perl", ["-e", "local $/; print crypt(<STDIN>, $ARGV[0])", `$2b$10$${salt}e`]);
  running.child.stdin?.end(password);
  const { stdout } = await running;
  if (!stdout.startsWith("$2b$10$")) throw new Refusal("crypt(3) does not know bcrypt here; libxcrypt (Linux) does");
  return stdout.replace("$2b$", "$2a$");
}
