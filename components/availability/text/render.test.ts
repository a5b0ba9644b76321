import assert from "node:assert/strict";
import { assess } from "../answer/assess.ts";
import { toMarkdown } from "./markdown.ts";
import * as sample from "../testing.ts";
import { readStep } from "./step.ts";
import { paragraphs } from "./terminal.ts";

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
      "| any server of site-a, or its host | degraded | down, manual action | degraded |",
      "| any agent of site-a, or its host | degraded | down, manual action | full |",
      "| all of site-a | down, manual action | down, manual action | down, manual action |",
      "| power everywhere, then back | down, manual action | down, full within 3 min | down, full within 2 min |",
    ]);
  });

  it("tells each failure in full", () => {
    const section = page.slice(page.indexOf("## Lost: any agent"), page.indexOf("## Lost: all of site-a"));
    assert.equal(
      section,
      `## Lost: any agent of site-a, or its host

Unaffected: site-a/kubernetes.

- **site-a/vault**: degraded. Up to 1 of 3 voters lost, 2 left, a majority is 2.
  - Until it is full again:
    1. Repair or replace the lost node.
    2. Unseal each Vault member: \`vault operator unseal\`
- **site-a/local**: down, manual action. Its only member may be lost; its volume is node-local, on what is lost.
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

describe("each failure in full", () => {
  it("has a row for what services share, and counts those that are unaffected", () => {
    const all = paragraphs(assessments, topology);
    assert.deepEqual(
      all.map(({ title }) => title),
      [
        "losing any server of site-a, or its host",
        "losing any agent of site-a, or its host: 1 unaffected",
        "losing all of site-a",
        "losing power everywhere, then back",
      ],
    );
    assert.deepEqual(all[1]?.rows, [
      { services: ["site-a/vault"], text: "degraded: up to 1 of 3 voters lost, 2 left, a majority is 2" },
      {
        services: ["site-a/local"],
        text: "down, manual action: its only member may be lost; its volume is node-local, on what is lost",
      },
    ]);
    assert.deepEqual(paragraphs(assess({ topology, services: services.slice(1) }), topology)[2]?.rows, [
      {
        services: ["site-a/local", "site-a/kubernetes"],
        text: "down, manual action: all of it is at site-a; nothing moves to another site",
      },
    ]);
  });

  it("names every node and host where it does not know the topology", () => {
    const small = { sites: [sample.plainSite("a", 1, 0)] };
    const [first] = paragraphs(assess({ topology: small, services: [] }));
    assert.equal(first?.title, "losing node a-server-1 of a, host a-server-1-host of a");
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
    const titles = paragraphs(assess({ topology: two, services: [sample.service("a/ai", picky)] }), two).map(
      ({ title }) => title,
    );
    assert.ok(titles.includes("losing node gpu of a, or its host: 1 unaffected"), titles.join("\n"));
    assert.ok(
      titles.includes("losing node a-agent-1 or a-agent-2 of a, or its host: all unaffected"),
      titles.join("\n"),
    );
  });
});

describe("a step", () => {
  it("keeps its command as it is typed, apart from words before it and a note after it", () => {
    assert.deepEqual(readStep("kubectl -n v exec -it v-0 -- vault operator unseal   # 3 times: each"), {
      command: "kubectl -n v exec -it v-0 -- vault operator unseal",
      note: "3 times: each",
    });
    assert.deepEqual(
      readStep("Grafana: https://g.example, password: kubectl get secret x -o jsonpath='{.a: b}' | base64 -d"),
      {
        words: "Grafana: https://g.example, password",
        command: "kubectl get secret x -o jsonpath='{.a: b}' | base64 -d",
      },
    );
    assert.deepEqual(readStep("unseal it: vault operator unseal"), {
      words: "unseal it",
      command: "vault operator unseal",
    });
    assert.deepEqual(readStep("repair or replace the lost node"), { words: "repair or replace the lost node" });
  });

  it("stands on the page as code, not as a sentence with marks taken out", () => {
    const steps = ["kubectl exec v-0 -- vault status | tee `hostname`   # once"];
    const odd = sample.vault({ "site-a": 1 }, { restarts: { by: "person", steps } });
    const text = toMarkdown(assess({ topology, services: [sample.service("site-a/vault", odd)] }), topology);
    assert.ok(text.includes("1. `` kubectl exec v-0 -- vault status | tee `hostname` `` (once)\n"), text);
  });
});
