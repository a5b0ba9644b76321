import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { requireControlPlane, type ProgramFiles } from "../kits/control-plane/programs.ts";

const script = join(import.meta.dirname, "../kits/control-plane/left-behind.ts");

/** Processes that have a folder among their arguments. */
const processesOf = (folder: string): readonly string[] =>
  readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, "utf8").includes(folder);
    } catch {
      return false;
    }
  });

describe("a control plane whose test is killed", function () {
  this.timeout(120_000);
  let files: ProgramFiles;

  before(function () {
    files = requireControlPlane(this);
  });

  it("leaves neither processes nor files", async () => {
    const child = spawn("node", ["--import", "tsx", script, JSON.stringify(files)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const folder = await new Promise<string>((resolve, reject) => {
      child.stdout.once("data", (told: Buffer) => {
        resolve(told.toString());
      });
      child.once("exit", () => {
        reject(new Error("it ended before it was up"));
      });
    });
    assert.ok(processesOf(folder).length >= 5);
    child.kill("SIGKILL");
    const deadline = Date.now() + 20_000;
    while (processesOf(folder).length > 0 || existsSync(folder)) {
      assert.ok(
        Date.now() < deadline,
        `${processesOf(folder).length} processes; the folder ${existsSync(folder) ? "is there" : "is gone"}`,
      );
      await sleep(200);
    }
  });
});
