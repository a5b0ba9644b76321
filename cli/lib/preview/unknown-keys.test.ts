import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unknownHostKey } from "@isthmus/core";
import { validFleet } from "../../../config/cases.ts";
import { fleetOrRefuse } from "../../../plan/stack-files.ts";
import { plain } from "../terminal/style.ts";
import { previewDocument } from "./document.ts";
import { previewText } from "./text.ts";

describe("a machine whose key was not known when its stack file was written", () => {
  it("is told among the next steps, with the command that asks for the key and the key of the stack file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "isthmus-keys-"));
    try {
      for (const [file, bytes] of validFleet("three-pis")) {
        const text = bytes.toString().replace(/hostKey: ssh-ed25519 \S+/, `hostKey: ${unknownHostKey}`);
        writeFileSync(join(folder, file), text);
      }
      const fleet = fleetOrRefuse(folder);
      const text = previewText(await previewDocument(fleet, []), fleet, { style: plain });
      const [machine] = fleet.sites[0]?.machines.existing ?? [];
      assert.ok(machine !== undefined);
      assert.match(
        text,
        new RegExp(
          `Prepare the hosts\\n +[^]*nodes\\.${machine.name}\\.machine\\.hostKey[^]*\\n +ssh-keyscan -t ed25519 ${machine.address}\\n`,
        ),
      );
      assert.equal(text.match(/ssh-keyscan/g)?.length, 1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
