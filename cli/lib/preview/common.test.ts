import assert from "node:assert/strict";
import { inCommon, readsAlike } from "./common.ts";

const site = (name: string) => ({ name, hosts: [], nodes: [] });
const two = { sites: [site("site-a"), site("site-b")] };

describe("what sites have in common", () => {
  it("is said once where it differs in the site's name only, and of one site where it does not", () => {
    const common = inCommon(
      {
        "site-a": ["Trust the CA of site-a", "https://a.example", "pulumi up -s site-a"],
        "site-b": ["Trust the CA of site-b", "https://b.example", "pulumi up -s site-b"],
      },
      two,
    );
    assert.deepEqual(common, [
      { line: "Trust the CA of site-a", sites: ["site-a", "site-b"] },
      { line: "https://a.example", sites: ["site-a"] },
      { line: "pulumi up -s site-a", sites: ["site-a", "site-b"] },
      { line: "https://b.example", sites: ["site-b"] },
    ]);
    // A command is typed: it is not put into other words.
    assert.deepEqual(
      common.map((each) => readsAlike(each, two)),
      ["Trust the CA of the site", "https://a.example", undefined, "https://b.example"],
    );
  });
});
