import assert from "node:assert/strict";
import { runtime } from "@pulumi/pulumi";
import { Machine } from "./machine.ts";
import { planHosts, type HostFacts } from "./plan.ts";
import { hostSchema } from "./schema.ts";

// Made with ssh-keygen; the private half is gone.
const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPWPyvKnFZVGXaaM5Y0+TYqLfr6IpTbiDENmR63PTGRj";
const fingerprint = "SHA256:1zlHlRIqsusbIAMqEXUlJXhbhG4hGSbcDwlffrU0tCA";

const pi: HostFacts = {
  name: "pi-1",
  address: "10.0.20.21",
  host: { ...hostSchema.parse({ hostKey }), user: "pi" },
  from: "Pulumi.site-a.yaml#/nodes/pi-1",
};

const messageOf = (value: unknown): string => hostSchema.safeParse(value).error?.issues[0]?.message ?? "accepted";

describe("settings of an existing machine", () => {
  it("need no more than the host key", () => {
    assert.deepEqual(hostSchema.parse({ hostKey }), { port: 22, hostKey });
  });

  const wrong: readonly (readonly [string, string | undefined])[] = [
    ["nothing", undefined],
    ["a line of known_hosts", `10.0.20.21 ${hostKey}`],
    ["a line of a .pub file", `${hostKey} root@pi-1`],
    ["a fingerprint", fingerprint],
    ["a key that was cut off", hostKey.slice(0, 40)],
    ["a type that is not the key's", hostKey.replace("ssh-ed25519", "ssh-rsa")],
    ["a private key", "-----BEGIN OPENSSH PRIVATE KEY-----"],
  ];
  for (const [what, value] of wrong) {
    it(`refuse ${what} as the host key, and say how to get it`, () => {
      assert.match(messageOf({ hostKey: value }), /ssh-keyscan -t ed25519 <address>.*console/);
    });
  }

  it("refuse an RSA key, and take each type that the command provider can check", () => {
    const keyOf = (type: string): string => {
      const field = (text: string): Buffer => Buffer.concat([Buffer.from([0, 0, 0, text.length]), Buffer.from(text)]);
      return `${type} ${Buffer.concat([field(type), field("x"), field("y")]).toString("base64")}`;
    };
    assert.match(messageOf({ hostKey: keyOf("ssh-rsa") }), /^is an RSA key.*SHA-1.*ssh-keyscan -t ed25519/);
    for (const type of ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"]) {
      assert.equal(messageOf({ hostKey: keyOf(type) }), "accepted", type);
    }
  });

  it("refuse an unknown key and a port that there is not", () => {
    assert.match(messageOf({ hostKey, hostkey: hostKey }), /hostkey/);
    assert.match(messageOf({ hostKey, port: 70000 }), /65535/);
    assert.match(messageOf({ hostKey, address: "pi 1" }), /address or a DNS name/);
  });
});

describe("the plan of an existing machine", () => {
  it("is reached at its address as a node, and known by its key's fingerprint", () => {
    assert.deepEqual(planHosts([pi]), [
      {
        name: "pi-1",
        address: "10.0.20.21",
        port: 22,
        user: "pi",
        hostKey,
        machineId: fingerprint,
        from: "Pulumi.site-a.yaml#/nodes/pi-1",
      },
    ]);
  });

  it("is reached elsewhere where that is said", () => {
    const [plan] = planHosts([{ ...pi, host: { ...pi.host, address: "pi-1.home.arpa", port: 2222 } }]);
    assert.deepEqual([plan?.address, plan?.port], ["pi-1.home.arpa", 2222]);
  });
});

describe("an existing machine", () => {
  it("is one component without children, with the outputs that a VM has", async () => {
    const seen: unknown[] = [];
    await runtime.setMocks({
      newResource: ({ type, name, inputs }) => {
        if (type !== "pulumi:pulumi:Stack") seen.push([type, name, inputs]);
        return { id: "", state: {} };
      },
      call: ({ token }) => {
        throw new Error(`unexpected call of ${token}`);
      },
    });
    const [plan] = planHosts([pi]);
    assert.ok(plan);
    let machine: Machine | undefined;
    await runtime.runInPulumiStack(() => {
      machine = new Machine("pi-1", { plan });
      return Promise.resolve({});
    });
    await runtime.disconnect();
    assert.deepEqual(seen, [["isthmus:hosts:Machine", "pi-1", { plan }]]);
    assert.deepEqual(
      [machine?.name, machine?.address, machine?.port, machine?.user, machine?.hostKey, machine?.machineId],
      ["pi-1", "10.0.20.21", 22, "pi", hostKey, fingerprint],
    );
  });
});
