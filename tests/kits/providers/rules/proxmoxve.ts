/**
 * `@muhlba91/pulumi-proxmoxve` 8.6.0. A VM's number is unique in the whole Proxmox cluster, a file's name on its datastore.
 * Source: the schemas of https://github.com/bpg/terraform-provider-proxmox, which it wraps.
 */
import { setTimeout as sleep } from "node:timers/promises";

import { Refusal, type Call, type ExistingCall, type PackageRules, type ResourceRules } from "../contract.ts";
import { text, thing, type ThingRules } from "../things.ts";
import { at, isObject, textAt, type Properties, type Value } from "../values.ts";

/** Clones of one template that may run at once: the next does not get the template's lock within ten seconds. */
const CLONES_AT_ONCE = 2;
const CLONE_MILLISECONDS = 100;
const FIRST_FREE_NUMBER = 100;

const endpoint = (call: Pick<Call, "world">): string => text(call.world.config, "endpoint");

const vmRules: ThingRules = {
  required: ["nodeName"],
  computed: ["ipv4Addresses", "ipv6Addresses", "macAddresses", "networkInterfaceNames", "vmId"],
  replaceOn: [
    "vmId",
    "amdSev",
    "clone",
    "disks.*.fileId",
    "initialization.type",
    "initialization.userDataFileId",
    "initialization.vendorDataFileId",
    "initialization.networkDataFileId",
    "initialization.metaDataFileId",
  ],
  key: (call) => ["proxmoxve", endpoint(call), "vm", String(vmNumber(call))],
  id: (call) => String(vmNumber(call)),
  sameAs: (call) => `proxmoxve/${endpoint(call)}/vm/${textAt(call.inputs, "name") ?? vmNumber(call)}`,
  outputs: (call) => addresses(call.inputs, vmNumber(call)),
  taken: (call) => `unable to create VM ${vmNumber(call)}: config file already exists`,
  before: filesExist,
  beforeDelete: (call) => {
    if (at(call.state, "protection") === true)
      throw new Refusal(`can't remove VM ${call.id} - protection mode enabled`);
  },
  importKey: (id, call) => ["proxmoxve", endpoint(call), "vm", id.split("/")[1] ?? id],
};

const cloning = new Map<string, number>();

const vm: ResourceRules = {
  ...thing(vmRules),
  replaces: (change, call) =>
    (thing(vmRules).replaces?.(change, call) ?? false) ||
    (change.path === "nodeName" && at(call.after, "migrate") !== true),
  create: async (call) => {
    // The number is settled once, as the real one asks the cluster for the next free one.
    const settled = { ...call, inputs: { ...call.inputs, vmId: vmNumber(call) } };
    const template = at(call.inputs, "clone.vmId");
    if (template === undefined) return thing(vmRules).create(settled);
    return whileCloning(String(template as number), () => thing(vmRules).create(settled));
  },
};

async function whileCloning<T>(template: string, work: () => T | Promise<T>): Promise<T> {
  const running = cloning.get(template) ?? 0;
  if (running >= CLONES_AT_ONCE) {
    throw new Refusal(`can't lock file '/var/lock/qemu-server/lock-${template}.conf' - got timeout`);
  }
  cloning.set(template, running + 1);
  try {
    await sleep(CLONE_MILLISECONDS);
    return await work();
  } finally {
    cloning.set(template, (cloning.get(template) ?? 1) - 1);
  }
}

const snippetOrImage = thing({
  required: ["nodeName", "datastoreId"],
  computed: ["fileName", "fileSize", "fileTag", "fileModificationDate"],
  replaceOn: ["contentType", "datastoreId", "fileMode", "nodeName", "sourceFile", "sourceRaw"],
  key: (call) => fileKey(call, rawFileId(call)),
  id: rawFileId,
  outputs: (call) => ({ fileName: rawFileName(call) }),
  before: needsSsh,
  // `overwrite` is true by default: what is there is taken over.
  taken: "adopt",
  importKey: (id, call) => importedFile(id, call),
});

const download = thing({
  required: ["nodeName", "datastoreId", "contentType", "url"],
  computed: ["fileName", "size"],
  replaceOn: [
    "nodeName",
    "datastoreId",
    "contentType",
    "url",
    "fileName",
    "checksum",
    "checksumAlgorithm",
    "decompressionAlgorithm",
  ],
  key: (call) => fileKey(call, downloadFileId(call)),
  id: downloadFileId,
  outputs: (call) => ({ fileName: downloadFileName(call), size: 612_368_384 }),
  before: (call) => {
    if (at(call.inputs, "overwriteUnmanaged") === true) call.world.store.remove(fileKey(call, downloadFileId(call)));
  },
  taken: (call) => `file ${downloadFileId(call)} already exists on the datastore; set overwriteUnmanaged to replace it`,
  importKey: (id, call) => importedFile(id, call),
});

const types: Readonly<Record<string, ResourceRules>> = {
  "proxmoxve:index/vmLegacy:VmLegacy": vm,
  "proxmoxve:index/fileLegacy:FileLegacy": snippetOrImage,
  "proxmoxve:download/file:File": { ...download, update: (call) => download.update?.(call) ?? {} },
};

export const rules: PackageRules = {
  resource: (type) => types[type],
  configure: (config) => {
    if (textAt(config, "endpoint") === undefined) throw new Refusal("you must specify the API `endpoint`");
    const token = textAt(config, "apiToken");
    const login = textAt(config, "username") !== undefined && textAt(config, "password") !== undefined;
    if (token === undefined && !login) throw new Refusal("must provide either username and password, or an API token");
    if (token !== undefined && !/^\S+@\w+!\S+=\S+$/.test(token)) {
      throw new Refusal("the API token must be in the format 'USER@REALM!TOKENID=UUID'");
    }
  },
};

function vmNumber(call: Call): number {
  const given = at(call.inputs, "vmId");
  if (typeof given === "number") return given;
  const held = "id" in call && typeof call.id === "string" ? Number(call.id) : undefined;
  if (held !== undefined) return held;
  const taken = new Set(call.world.store.list("proxmoxve", endpoint(call), "vm").map((one) => Number(one.key[3])));
  let next = FIRST_FREE_NUMBER;
  while (taken.has(next)) next++;
  return next;
}

/** A volume that a VM names must be there: Proxmox refuses to start a VM whose snippet or image is missing. */
function filesExist(call: Call): void {
  const names = ["userDataFileId", "vendorDataFileId", "networkDataFileId", "metaDataFileId"];
  const disks = at(call.inputs, "disks");
  const ofDisks = Array.isArray(disks) ? (disks as readonly Value[]).map((_, index) => index) : [];
  const ids = [
    ...names.map((name) => textAt(call.inputs, `initialization.${name}`)),
    ...ofDisks.flatMap((disk) =>
      ["fileId", "importFrom"].map((field) => textAt(call.inputs, `disks.${disk}.${field}`)),
    ),
  ];
  for (const id of ids) {
    if (id === undefined || !/^[^:/]+:(snippets|iso|import|vztmpl)\//.test(id)) continue;
    if (call.world.store.get(fileKey(call, id)) === undefined) throw new Refusal(`volume '${id}' does not exist`);
  }
}

/** As the guest agent would report them; without an agent nothing is known. */
function addresses(inputs: Properties, vmId: number): Properties {
  const configs = at(inputs, "initialization.ipConfigs");
  const count = Array.isArray(configs) ? configs.length : 0;
  const own = Array.from({ length: count }, (_, index) =>
    textAt(inputs, `initialization.ipConfigs.${index}.ipv4.address`),
  );
  const fixed = own.flatMap((address) =>
    address === undefined || address === "dhcp" ? [] : [[address.replace(/\/.*/, "")]],
  );
  const agent = at(inputs, "agent.enabled") === true;
  return {
    vmId,
    ipv4Addresses: agent ? [["127.0.0.1"], ...fixed] : [],
    ipv6Addresses: agent ? [["::1"], ...fixed.map(() => [])] : [],
    macAddresses: [],
    networkInterfaceNames: agent ? ["lo", ...fixed.map((_, index) => `eth${index}`)] : [],
  };
}

function needsSsh(call: Call): void {
  const ssh = call.world.config["ssh"];
  const given = isObject(ssh) || (typeof ssh === "string" && ssh !== "");
  if (textAt(call.inputs, "contentType") !== "snippets" || given) return;
  throw new Refusal(
    "failed to open SSH client: unable to authenticate user; snippets need the provider's `ssh` settings",
  );
}

function fileKey(call: Pick<Call, "world" | "inputs">, fileId: string): readonly string[] {
  return ["proxmoxve", endpoint(call), "file", text(call.inputs, "nodeName"), fileId];
}

function rawFileName(call: Call): string {
  const fileName = textAt(call.inputs, "sourceRaw.fileName") ?? textAt(call.inputs, "sourceFile.fileName");
  const fromPath = textAt(call.inputs, "sourceFile.path")?.split("/").pop();
  const name = fileName ?? fromPath;
  if (name === undefined) throw new Refusal("one of `sourceFile,sourceRaw` must be specified");
  return name;
}

function rawFileId(call: Call): string {
  const content = textAt(call.inputs, "contentType") ?? "iso";
  return `${text(call.inputs, "datastoreId")}:${content}/${rawFileName(call)}`;
}

function downloadFileName(call: Call): string {
  return textAt(call.inputs, "fileName") ?? text(call.inputs, "url").split("/").pop() ?? "";
}

function downloadFileId(call: Call): string {
  return `${text(call.inputs, "datastoreId")}:${text(call.inputs, "contentType")}/${downloadFileName(call)}`;
}

/** `<node>/<datastore>:<content>/<file>` */
function importedFile(id: string, call: ExistingCall): readonly string[] {
  const [node = "", ...rest] = id.split("/");
  return fileKey({ world: call.world, inputs: { nodeName: node } }, rest.join("/"));
}
