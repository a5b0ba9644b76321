import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { catalogue } from "../plan/catalogue.ts";
import { complete } from "./complete.ts";
import { siteSchema } from "./site-schema.ts";
import { sampleModel } from "./testing.ts";

const [site] = sampleModel("three-pis", catalogue).sites;
assert.ok(site);

describe("the least that a site says", () => {
  it("is about fifteen lines for three Pis, those of the fleet among them", () => {
    const folder = join(import.meta.dirname, "fixtures", "valid", "three-pis");
    const lines = readdirSync(folder).flatMap((file) => readFileSync(join(folder, file), "utf8").trim().split("\n"));
    assert.equal(lines.length, 16);
  });

  it("leaves user, key, version and sizes to defaults and the board", () => {
    assert.deepEqual(site.ssh, { user: "root", privateKey: "sshKey" });
    assert.equal(site.kubernetes.version, "v1.34.3+k3s1");
    const machine = site.nodes["pi-2"]?.machine;
    assert.deepEqual(
      [machine?.user, machine?.port, machine?.architecture, machine?.cores, machine?.memory],
      ["root", 22, "arm64", 4, "8Gi"],
    );
  });

  it("has one user for all machines that name none", () => {
    const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFOVJtx5noboPwuxEGJsK+2DplvDXJqhiSzu7I5SxM3z";
    const board = "raspberry-pi-4-4gb";
    const { nodes } = complete(
      siteSchema.parse({
        networks: {},
        ssh: { user: "pi" },
        nodes: {
          one: { role: "server", address: "192.168.1.11", machine: { board, hostKey } },
          other: { role: "agent", address: "192.168.1.12", machine: { board, hostKey, user: "admin" } },
        },
        kubernetes: { api: { kind: "external", address: "192.168.1.11" } },
      }),
    );
    assert.deepEqual(
      Object.values(nodes).map(({ machine }) => machine?.user),
      ["pi", "admin"],
    );
  });
});
