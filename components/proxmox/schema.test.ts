import assert from "node:assert/strict";
import { z } from "zod";
import { exampleSettings } from "./testing.ts";
import { proxmoxSchema, vmSchema } from "./schema.ts";

/** Path and message of each issue. */
function issues(schema: z.ZodType, value: unknown): [string, string][] {
  const result = schema.safeParse(value);
  return result.success ? [] : result.error.issues.map(({ path, message }) => [path.join("."), message]);
}

const { api, image, admin } = exampleSettings;
const smallest = { host: "pve-a-1", id: 2010, cores: 2, memory: "8Gi", disk: "40Gi" };

describe("Proxmox settings", () => {
  it("fill in what most sites have in common", () => {
    const settings = proxmoxSchema.parse(exampleSettings);
    assert.deepEqual(settings.datastores, { disks: "local-lvm", snippets: "local", images: "local" });
    assert.equal(settings.bridge, "vmbr0");
    assert.equal(settings.image.format, "qcow2");
    assert.equal(settings.admin.user, "isthmus");
    assert.equal(settings.guestAgent, false);
    assert.equal(settings.parallelClones, 2);
  });

  const spoiled: readonly {
    readonly it: string;
    readonly settings: object;
    readonly at: string;
    readonly says: RegExp;
  }[] = [
    {
      it: "a token of root",
      settings: { api: { ...api, token: { ...api.token, id: "root@pam!isthmus" } } },
      at: "api.token.id",
      says: /not be a token of root.*docs\/guide\/proxmox\.md/,
    },
    {
      it: "a token id without its token",
      settings: { api: { ...api, token: { ...api.token, id: "isthmus@pve" } } },
      at: "api.token.id",
      says: /user@realm!token/,
    },
    {
      it: "the token itself in place of a secret's name",
      settings: { api: { ...api, token: { ...api.token, secret: "f81d4fae-7dec-11d0-a765-00a0c91e6bf6" } } },
      at: "api.token.secret",
      says: /never the secret/,
    },
    {
      it: "an endpoint without TLS",
      settings: { api: { ...api, endpoint: "http://pve:8006" } },
      at: "api.endpoint",
      says: /https:/,
    },
    {
      it: "a path behind the endpoint",
      settings: { api: { ...api, endpoint: "https://pve:8006/api2/json" } },
      at: "api.endpoint",
      says: /before \/api2/,
    },
    {
      it: "an exception from TLS without a reason",
      settings: { api: { ...api, acceptAnyCertificate: { because: "" } } },
      at: "api.acceptAnyCertificate.because",
      says: /say why/,
    },
    {
      it: "an exception from TLS as a mere switch",
      settings: { api: { ...api, acceptAnyCertificate: true } },
      at: "api.acceptAnyCertificate",
      says: /expected object/,
    },
    {
      it: "an image that changes",
      settings: {
        image: { ...image, url: "https://cloud-images.ubuntu.com/noble/current/noble-server-cloudimg-amd64.img" },
      },
      at: "image.url",
      says: /dated build/,
    },
    {
      it: "a checksum of no known kind",
      settings: { image: { ...image, checksum: "0123" } },
      at: "image.checksum",
      says: /sha256: or sha512:/,
    },
    {
      it: "nobody who may log in",
      settings: { admin: { authorizedKeys: [] } },
      at: "admin.authorizedKeys",
      says: /at least one/,
    },
    {
      it: "a private key among the public ones",
      settings: { admin: { authorizedKeys: ["-----BEGIN OPENSSH PRIVATE KEY-----"] } },
      at: "admin.authorizedKeys.0",
      says: /\.pub file/,
    },
    {
      it: "root as the user",
      settings: { admin: { ...admin, user: "root" } },
      at: "admin.user",
      says: /must not be root/,
    },
    { it: "an unknown key", settings: { vlans: [20] }, at: "", says: /vlans/ },
  ];
  for (const { it: what, settings, at, says } of spoiled) {
    it(`refuse ${what}`, () => {
      const [first, ...others] = issues(proxmoxSchema, { ...exampleSettings, ...settings });
      assert.deepEqual(others, []);
      assert.equal(first?.[0], at);
      assert.match(first[1], says);
    });
  }
});

describe("VM settings", () => {
  it("mount a data disk for Longhorn where nothing else is said", () => {
    assert.equal(vmSchema.parse({ ...smallest, data: { size: "1Ti" } }).data?.mountPath, "/var/lib/longhorn");
  });

  const spoiled: readonly (readonly [object, string, RegExp])[] = [
    [{ id: 99 }, "id", /100 or more/],
    [{ disk: "500Mi" }, "disk", /./],
    [{ disk: "0Gi" }, "disk", /whole Gi or Ti/],
    [{ memory: "0Gi" }, "memory", /8Gi/],
    [{ memory: "1.5Gi" }, "memory", /8Gi/],
    [{ mac: "01:24:11:00:20:12" }, "mac", /unicast/],
    [{ data: { size: "1Ti", mountPath: "data" } }, "data.mountPath", /absolute path/],
    [{ rebuild: "now please" }, "rebuild", /a word/],
  ];
  for (const [spoil, at, says] of spoiled) {
    it(`refuse ${JSON.stringify(spoil)}`, () => {
      const [first] = issues(vmSchema, { ...smallest, ...spoil });
      assert.equal(first?.[0], at);
      assert.match(first[1], says);
    });
  }

  it("describe every key, for editors", () => {
    for (const schema of [proxmoxSchema, vmSchema]) assertDescribed(z.toJSONSchema(schema, { io: "input" }), "");
  });
});

/** Every property has a description, at any depth. */
function assertDescribed(schema: object, path: string): void {
  for (const [key, below] of Object.entries(schema)) {
    if (typeof below !== "object" || below === null) continue;
    if (key === "properties") {
      for (const [name, property] of Object.entries(below as Record<string, { description?: string }>)) {
        assert.ok(property.description, `${path}/${name} has no description`);
      }
    }
    assertDescribed(below as object, `${path}/${key}`);
  }
}
