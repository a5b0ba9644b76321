/** The rules of the simulated packages, without an engine: a stand-in that accepts anything would prove nothing. */
import assert from "node:assert/strict";

import type { Service } from "./service.ts";
import { isSecret, isUnknown, secret, textAt, UNKNOWN, type Properties } from "./values.ts";
import { emptyWorlds, make, provider, target } from "./rules-under-test.ts";

describe("any simulated provider", () => {
  emptyWorlds();

  it("refuses a type and a function that it does not know", async () => {
    for (const name of ["command", "kubernetes", "proxmoxve", "random", "tls"]) {
      const config = {
        endpoint: "e",
        apiToken: "a@b!c=d",
      };
      const service = await provider(name, config);
      const type = name === "kubernetes" ? "kubernetes:core/v1:Nonsense" : `${name}:index/nonsense:Nonsense`;
      assert.throws(
        () => service.check(target(type), {}, {}),
        new RegExp(`simulated ${name} provider has no resource ${type}`),
      );
      assert.throws(() => service.invoke(`${name}:index:nonsense`, {}), /has no function/);
    }
  });

  it("names every required input that is missing", async () => {
    const proxmox = await provider("proxmoxve", { endpoint: "e", apiToken: "a@b!c=d" });
    const { failures } = proxmox.check(target("proxmoxve:download/file:File"), {}, { nodeName: "pve" });
    assert.deepEqual(
      failures.map((failure) => failure.property),
      ["datastoreId", "contentType", "url"],
    );
  });
});

describe("simulated commands", () => {
  emptyWorlds();

  const COMMAND = "command:remote:Command";
  const inputs: Properties = {
    connection: secret({ host: "h" }),
    create: "install",
    stdin: secret("s"),
    triggers: ["1"],
  };
  const paths = (service: Service, after: Properties): readonly string[] =>
    service.diff(target(COMMAND), inputs, after).replaces;

  it("replace on a trigger alone; a connection, a script and an input only update", async () => {
    const service = await provider("command");
    assert.deepEqual(paths(service, { ...inputs, triggers: ["2"] }), ["triggers.0"]);
    assert.deepEqual(paths(service, { ...inputs, triggers: [UNKNOWN] }), ["triggers.0"]);
    assert.deepEqual(paths(service, { ...inputs, connection: secret({ host: "i" }), create: "other", stdin: "t" }), []);
  });

  it("leave their output unknown in preview when the script changes, and known when only its input does", async () => {
    const service = await provider("command");
    const before = { inputs, state: { ...inputs, stdout: "old", stderr: "" } };
    assert.equal(service.previewUpdate(target(COMMAND), { ...inputs, stdin: "t" }, before)["stdout"], "old");
    assert.ok(isUnknown(service.previewUpdate(target(COMMAND), { ...inputs, create: "other" }, before)["stdout"]));
  });

  it("run `create` again where there is no `update`, and keep their connection secret", async () => {
    const service = await provider("command");
    const made = await make(service, COMMAND, { ...inputs, connection: { host: "h" } });
    assert.ok(isSecret(made.outputs["connection"]));
    const before = { inputs: made.inputs, state: made.outputs };
    const again = await service.update({ ...target(COMMAND), id: made.id }, { ...made.inputs, stdin: "other" }, before);
    assert.match(textAt(again, "stdout") ?? "", /^done /);
    assert.notEqual(again["stdout"], made.outputs["stdout"]);
    const updated = await service.update(
      { ...target(COMMAND), id: made.id },
      { ...made.inputs, update: "cat k3s.yaml" },
      before,
    );
    assert.match(textAt(updated, "stdout") ?? "", /server: https:\/\/h:6443/);
  });

  it("refuse a missing host and an unknown kind of logging", async () => {
    const service = await provider("command");
    const failures = (given: Properties): readonly string[] =>
      service.check(target(COMMAND), {}, given).failures.map((failure) => failure.property);
    assert.deepEqual(failures({}), ["connection"]);
    assert.deepEqual(failures({ connection: secret({ user: "root" }), logging: "some" }), [
      "connection.host",
      "logging",
    ]);
    assert.deepEqual(failures({ connection: UNKNOWN }), []);
  });
});
