import assert from "node:assert/strict";
import { assess } from "../answer/assess.ts";
import { toMarkdown } from "./markdown.ts";
import * as sample from "../testing.ts";
import { toText } from "./terminal.ts";

const topology = { sites: [sample.plainSite("site-a", 3, 2)] };
const services = [
  sample.service("site-a/vault", sample.vault({ "site-a": 3 })),
  sample.service("site-a/local", sample.workload({ members: { perSite: { "site-a": 1 } }, stores: sample.localDisk })),
];
const assessments = assess({ topology, services });

describe("the page", () => {
  const page = toMarkdown(assessments, topology);

  it("has a row for each group of failures and a column for each service", () => {
    const rows = page.split("\n").filter((line) => line.startsWith("|"));
    assert.deepEqual(rows, [
      "| lost | site-a/vault | site-a/local | site-a/kubernetes |",
      "| --- | --- | --- | --- |",
      "| any server of site-a, or its host | degraded | down, a person acts | degraded |",
      "| any agent of site-a, or its host | degraded | down, a person acts | full |",
      "| all of site-a | down, a person acts | down, a person acts | down, a person acts |",
      "| power everywhere, then back | down, a person acts | down, full within 3 min | down, full within 2 min |",
    ]);
  });

  it("tells each failure in full", () => {
    const section = page.slice(page.indexOf("## Lost: any agent"), page.indexOf("## Lost: all of site-a"));
    assert.equal(
      section,
      `## Lost: any agent of site-a, or its host

As ever: site-a/kubernetes.

- **site-a/vault**: degraded. Up to 1 of 3 voters lost, 2 left, a majority is 2.
  - Until it is full again:
    1. Repair or replace the lost node.
    2. Unseal each Vault member: vault operator unseal.
- **site-a/local**: down, a person acts. Its only member may be lost; the disk with its data is where the loss is.
  - Data at risk: its data: all of it if the lost disks are gone for good (no backup: a test).
  - Until it is full again:
    1. Repair or replace the lost node.

`,
    );
  });

  it("is the same from run to run", () => {
    assert.equal(toMarkdown(assess({ topology, services }), topology), page);
  });

  it("does not take users' texts for markup", () => {
    const steps = ["run `x` | <b>now</b>\n# please"];
    const hostile = sample.vault({ "site-a": 1 }, { restarts: { by: "person", steps } });
    const text = toMarkdown(assess({ topology, services: [sample.service("site-a/v_1", hostile)] }), topology);
    assert.ok(text.includes("1. Run \\`x\\` \\| \\<b\\>now\\</b\\> # please."));
    assert.ok(!text.includes("\n# please"));
    assert.ok(text.includes("site-a/v\\_1"));
  });
});

describe("the terminal", () => {
  it("says a failure in a paragraph, and what goes on in a word", () => {
    const text = toText(assessments, topology);
    assert.ok(
      text.includes(
        [
          "losing any agent of site-a, or its host: 1 goes on as ever",
          "  site-a/vault       degraded: up to 1 of 3 voters lost, 2 left, a majority is 2",
          "  site-a/local       down, a person acts: its only member may be lost; the disk with its data is where the loss is",
        ].join("\n"),
      ),
      text,
    );
    assert.ok(text.split("\n").length < 25, "13 failures of 3 services read in one screen");
  });

  it("says once what is the same of several services", () => {
    assert.ok(
      toText(assess({ topology, services: services.slice(1) }), topology).includes(
        [
          "losing all of site-a:",
          "  site-a/local, site-a/kubernetes",
          "                     down, a person acts: it stands at site-a only, and nothing moves to another site",
        ].join("\n"),
      ),
    );
  });

  it("names every node and host where it does not know the topology", () => {
    const small = { sites: [sample.plainSite("a", 1, 0)] };
    assert.match(
      toText(assess({ topology: small, services: [] })),
      /^losing node a-server-1 of a, host a-server-1-host of a:/,
    );
  });

  it("names nodes where they differ from others of their role", () => {
    const two = {
      sites: [
        sample.site("a", [...sample.plainSite("a", 3, 2).nodes, sample.node("gpu", "a", { labels: { gpu: "yes" } })]),
      ],
    };
    const picky = sample.workload({
      runsOn: { required: [{ key: "gpu", values: ["yes"] }], preferred: [], tolerations: [], spread: [] },
    });
    const text = toText(assess({ topology: two, services: [sample.service("a/ai", picky)] }), two);
    assert.match(text, /losing node gpu of a, or its host:/);
    assert.match(text, /losing node a-agent-1 or a-agent-2 of a, or its host: all go on/);
  });
});
