import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getAt, isReference } from "@isthmus/core";
import { contextOf } from "../../../../tests/kits/proofs/site-facts.ts";
import { adminPassword } from "./grafana-password.ts";
import { monitoring } from "./definition.ts";
import type { MonitoringContext } from "./schema.ts";
import { monitoringWorkloads } from "./workloads.ts";

const context = contextOf(monitoring, {
  args: { grafana: { hostName: "grafana.site-a.home.arpa" } },
}) as MonitoringContext;
const values = adminPassword(context);
const container = getAt(values, "extraInitContainers.0") as {
  readonly command: readonly string[];
  readonly resources: {
    readonly requests: Readonly<Record<string, string>>;
    readonly limits: Readonly<Record<string, string>>;
  };
};

describe("the password of Grafana's administrator", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "isthmus-grafana-"));
    const stub = `#!/bin/sh\nread -r password; echo "$* <$password>" >> "${folder}/called"; exit "\${FAILS:-0}"\n`;
    writeFileSync(join(folder, "grafana"), stub, { mode: 0o755 });
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const start = (env: Readonly<Record<string, string>> = {}) => {
    const [program = "", ...args] = container.command;
    const path = `${folder}:${process.env["PATH"] ?? ""}`;
    const { status } = spawnSync(program, args, {
      env: { PATH: path, GF_PATHS_DATA: folder, GF_SECURITY_ADMIN_PASSWORD: "-n %s $x\\", ...env },
    });
    const { stdout } = spawnSync("cat", [join(folder, "called")], { encoding: "utf8" });
    return [status, stdout];
  };

  it("is left to Grafana itself where there is no database yet", () => {
    assert.deepEqual(start(), [0, ""]);
  });

  it("is set by Grafana's own command before each later start, on its standard input", () => {
    writeFileSync(join(folder, "grafana.db"), "SQLite format 3");
    const [status, called] = start();
    assert.equal(status, 0);
    const options = "--homepath /usr/share/grafana --config /etc/grafana/grafana.ini";
    assert.equal(called, `cli ${options} admin reset-admin-password --password-from-stdin <-n %s $x\\>\n`);
  });

  it("that could not be set keeps Grafana from starting with another one", () => {
    writeFileSync(join(folder, "grafana.db"), "SQLite format 3");
    assert.equal(start({ FAILS: "3" })[0], 3);
  });

  it("starts the pod anew when it changes, and asks for no more than Grafana does", () => {
    assert.ok(isReference(getAt(values, "podAnnotations")!["isthmus.dev/admin" as never]));
    const { requests, limits } = container.resources;
    const grafana = monitoringWorkloads(context).find(({ name }) => name === "grafana");
    const mib = (text = "") => Number(text.replace("Mi", ""));
    assert.ok(mib(requests["memory"]) <= mib(grafana?.requests.memory));
    assert.ok(mib(limits["memory"]) <= mib(grafana?.limits.memory));
  });
});
