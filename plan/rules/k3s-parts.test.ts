import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { sampleModel } from "../../config/testing.ts";
import { catalogue } from "../catalogue.ts";
import { planFleet } from "../fleet.ts";
import { checkK3sParts } from "./k3s-parts.ts";

type Part = Parameters<typeof checkK3sParts>[0]["kubernetes"]["disable"][number];

const { site, services } = planFleet(sampleModel("platform-on-four-pcs", catalogue)).sites[0]!;
const found = (disable: readonly Part[], instances = services.map(({ instance }) => instance)) =>
  checkK3sParts(
    { ...site, kubernetes: { ...site.kubernetes, disable: [...disable] } },
    services.filter(({ instance }) => instances.includes(instance)),
  ).map(({ rule, problem }) => `${rule} ${/coredns|ServiceLB|Traefik/.exec(problem)?.[0] ?? ""}`);

/** As each of k3s' parts is described: https://docs.k3s.io/networking/networking-services */
describe("parts that k3s brings", () => {
  it("are in order where what is disabled has another in its place", () => {
    assert.deepEqual(found(["servicelb", "traefik"]), []);
    assert.deepEqual(found(["servicelb", "traefik", "metrics-server", "local-storage"]), []);
  });

  it("are needed by pods that look names up: MetalLB's alone do not", () => {
    assert.deepEqual(found(["servicelb", "traefik", "coredns"]), ["k3s-part-missing coredns"]);
    assert.deepEqual(found(["servicelb", "traefik", "coredns"], ["metallb"]), []);
    assert.deepEqual(found(["servicelb", "traefik", "coredns"], ["metallb", "vault"]), ["k3s-part-missing coredns"]);
  });

  it("would do the work of a service a second time, and may stay where there is none", () => {
    assert.deepEqual(found([]), ["k3s-part-twice ServiceLB", "k3s-part-twice Traefik"]);
    assert.deepEqual(found([], ["vault"]), []);
    assert.deepEqual(found(["traefik"], ["metallb"]), ["k3s-part-twice ServiceLB"]);
  });

  it("are asked for metrics of pods by nothing of ours: no chart makes an autoscaler, so that metrics-server may go", () => {
    const folder = join(import.meta.dirname, "../../facts/charts");
    const facts = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".json"));
    assert.ok(facts.length > 10);
    for (const file of facts)
      assert.doesNotMatch(readFileSync(join(folder, file), "utf8"), /HorizontalPodAutoscaler/, file);
  });
});
