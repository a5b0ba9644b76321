import assert from "node:assert/strict";
import type { Workload } from "@isthmus/core";
import { sampleModel } from "../../config/testing.ts";
import { catalogue } from "../catalogue.ts";
import { footprintOf, planFleet } from "../fleet.ts";
import type { SitePlan } from "../plans.ts";
import { madeUpWorkload } from "../testing.ts";
import { checkBudget } from "./budget.ts";
import { checkPromises } from "./promises.ts";

const fleet = planFleet(sampleModel("three-raspberry-pis", catalogue));
const home = fleet.sites[0]!;

/** The three Raspberry Pis, of which two agents run pods, with one more service. */
function withWorkload(changes: Partial<Workload>, promises: SitePlan["site"]["promises"] = {}): SitePlan {
  const [metallb] = home.services;
  const footprint = { ...metallb!.footprint, workloads: [madeUpWorkload(changes)] };
  const app = {
    ...metallb!,
    instance: "app",
    footprint,
    providers: {},
    from: "Pulumi.home.yaml#/services/app" as const,
  };
  const configured = { ...home.site.services[0]!, instance: "app" };
  return {
    ...home,
    site: { ...home.site, promises, services: [...home.site.services, configured] },
    services: [...home.services, app],
  };
}

const told = (plan: SitePlan) =>
  checkBudget([plan], footprintOf([plan])).map(({ rule, at, problem }) => [rule, at, problem]);

describe("budgets", () => {
  it("are in order where all members find room", () => {
    assert.deepEqual(told(home), []);
    assert.deepEqual(
      told(withWorkload({ members: { perSite: { home: 2 } }, requests: { memory: "6Gi", cpu: "3" } })),
      [],
    );
  });

  it("tell members that find no room, though each of them fits a node", () => {
    const [finding, ...others] = told(
      withWorkload({ members: { perSite: { home: 3 } }, requests: { memory: "6Gi", cpu: "1" } }),
    );
    assert.deepEqual(others, []);
    assert.ok(finding !== undefined);
    assert.deepEqual(finding.slice(0, 2), ["site-too-small", "Pulumi.home.yaml#/services/app"]);
    assert.match(
      finding[2] ?? "",
      /^1 of 3 members of app's server find no room at home: .* GiB of 22\.5 GiB memory, .* of 11\.55 cores and 7 of 318 pods/,
    );
  });

  it("say by which keys less is asked for, of who found no room and of who asks for the most", () => {
    const sizedBy = ["Pulumi.home.yaml#/services/app/memory", "Pulumi.home.yaml#/services/app/members"] as const;
    const large = { members: { perSite: { home: 3 } }, requests: { memory: "6Gi", cpu: "1" } } as const;
    const fix = (changes: Partial<Workload>) => {
      const plan = withWorkload({ ...large, ...changes });
      return checkBudget([plan], footprintOf([plan]))[0]?.fix;
    };
    assert.equal(
      fix({ sizedBy }),
      "give the agents more memory or cores, add an agent, or ask for less: services.app.memory or members",
    );
  });

  it("tell more pods than a kubelet takes, by the node and by the argument that raises it", () => {
    const pods = Array.from({ length: 120 }, (_, index) =>
      madeUpWorkload({ name: `p${index}`, members: { perNode: true }, requests: { memory: "1Mi", cpu: "1m" } }),
    );
    const plan = withWorkload({});
    const crowded = {
      ...plan,
      services: plan.services.map((one) =>
        one.instance === "app" ? { ...one, footprint: { ...one.footprint, workloads: pods } } : one,
      ),
    };
    const found = checkBudget([crowded], footprintOf([crowded])).filter(({ rule }) => rule === "node-too-small");
    assert.deepEqual(
      found.map(({ at, problem, fix }) => [at, problem, fix]),
      ["pi-2", "pi-3"].map((node) => [
        `Pulumi.home.yaml#/nodes/${node}`,
        `the kubelet of ${node} takes 110 pods, and 125 are to be on every node`,
        "run fewer, or set kubernetes.kubeletArguments: [max-pods=125]",
      ]),
    );
  });

  it("leave to placement what is larger than any node", () => {
    assert.deepEqual(told(withWorkload({ requests: { memory: "100Gi", cpu: "1" } })), []);
  });

  it("tell nodes that are too small for what every node carries, at the node", () => {
    const fat = { members: { perNode: true }, requests: { memory: "7680Mi", cpu: "4" } } as const;
    assert.deepEqual(
      told(withWorkload(fat)).map(([rule, at]) => `${rule} ${at}`),
      [
        ...["pi-2", "pi-3"].flatMap((node) => Array<string>(2).fill(`node-too-small Pulumi.home.yaml#/nodes/${node}`)),
        // What moves freely finds no room beside it.
        "site-too-small Pulumi.home.yaml#/services/metallb",
      ],
    );
  });
});

describe("promises", () => {
  const promised = (plan: SitePlan, assessed = planFleet(sampleModel("three-raspberry-pis", catalogue))) =>
    checkPromises([plan], footprintOf([plan]), assessed.assessments).map(({ rule, at, fix }) => [rule, at, fix]);

  it("are made for services that there are", () => {
    assert.deepEqual(promised(withWorkload({}, { aap: ["node"] })), [
      ["unknown-service", "Pulumi.home.yaml#/promises/aap", "write one of: kubernetes, metallb, app"],
    ]);
  });

  it("are not judged for a service that could not be planned: why is told already", () => {
    const plan = withWorkload({}, { app: ["node"] });
    assert.deepEqual(promised({ ...plan, services: home.services }), []);
  });

  it("are broken by the loss that stops a service", () => {
    const plan = withWorkload({}, { kubernetes: ["node"] });
    assert.deepEqual(
      promised(plan).map(([rule, at]) => [rule, at]),
      [["broken-promise", "Pulumi.home.yaml#/promises/kubernetes"]],
    );
    assert.deepEqual(promised(withWorkload({}, { kubernetes: ["link"] })), []);
  });
});
