import assert from "node:assert/strict";
import { referencesIn } from "@isthmus/core";
import { contextOf, siteFacts } from "../../../../tests/kits/proofs/site-facts.ts";
import { offsite } from "./definition.ts";

const outside = {
  endpoint: "https://s3.eu-central-003.backblazeb2.com",
  region: "eu-central-003",
  bucket: "homelab-site-a",
  accessKey: "b2AccessKey",
  secretKey: "b2SecretKey",
};
const storeOf = (args: unknown) => offsite.offers(contextOf(offsite, { args })).backupStore!;

describe("offsite", () => {
  it("takes everything but names from the other site", () => {
    const store = storeOf({ peer: "site-b" });
    assert.deepEqual(store.endpoint, { $peer: "site-b", output: "objectStore.endpoint" });
    assert.deepEqual(store.secretKey, { $peer: "site-b", output: "objectStore.accounts.site-a.secretKey" });
    assert.deepEqual(store.accessKey, { $peer: "site-b", output: "objectStore.accounts.site-a.accessKey" });
    assert.deepEqual(store.ca, { $peer: "site-b", output: "objectStore.ca" });
    assert.equal(store.bucket, "backups-site-a");
    assert.equal(store.peer, "site-b");
  });

  it("reaches a store outside with the stack's secrets, and waits for no site", () => {
    const store = storeOf(outside);
    assert.deepEqual(referencesIn(store), [{ $secret: "b2AccessKey" }, { $secret: "b2SecretKey" }]);
    assert.equal(store.peer, undefined);
    assert.equal(store.place, "s3.eu-central-003.backblazeb2.com");
  });

  it("refuses a site that there is not, and the site itself", () => {
    const findings = (peer: string) => offsite.check!(contextOf(offsite, { args: { peer } }));
    assert.match(findings("site-c")[0]!.problem, /there is no site "site-c"/);
    assert.match(findings("site-c")[0]!.fix, /site-b/);
    assert.match(findings("site-a")[0]!.problem, /"site-a" is this site: a backup there is lost with what it backs up/);
    assert.deepEqual(findings("site-b"), []);
  });

  it("says what to do where there is no other site", () => {
    const context = contextOf(offsite, { args: { peer: "site-b" }, site: siteFacts({ peers: [] }) });
    assert.match(offsite.check!(context)[0]!.fix, /a store outside/);
  });

  it("takes no secret in plain text, no half of both ways, and no unencrypted endpoint", () => {
    const refused = (args: unknown) => !offsite.schema.safeParse(args).success;
    assert.ok(refused({ ...outside, secretKey: "K003+very/secret=" }));
    assert.ok(refused({ ...outside, peer: "site-b" }));
    assert.ok(refused({ ...outside, endpoint: "http://10.0.20.9:9000" }));
    assert.ok(refused({}));
  });
});
