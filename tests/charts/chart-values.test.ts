import assert from "node:assert/strict";
import { charts } from "../../plan/pins.ts";
import { getAt, type Manifest, type ReleasePlan, type Service, type Values } from "@isthmus/core";
import { chartData } from "../kits/proofs/chart-data.ts";
import * as networking from "@isthmus/networking";
import {
  checkObject,
  checkRelease,
  provePlacement,
  renderService,
  resourcesLeftOpen,
  withoutCharts,
  withoutKubernetes,
} from "../kits/proofs/chart-values.ts";
import { contextOf } from "../kits/proofs/site-facts.ts";

const route = {
  name: "grafana",
  host: "grafana.example.org",
  exposure: "public",
  namespace: "monitoring",
  hasLogin: true,
  backend: {
    service: "grafana",
    port: 443,
    scheme: "https",
    verify: { serverName: "grafana", caSecret: "grafana-tls" },
  },
  from: "Pulumi.site-a.yaml#/services/monitoring",
} as const;

const acme = {
  email: "admin@example.org",
  server: "staging",
  cloudflare: { zones: ["example.org"], token: "cloudflareToken" },
};

/** Services with arguments that switch on everything they can do. */
const cases = [
  { service: networking.metallb, args: { pools: { public: { autoAssign: false, interfaces: ["eth0"] } } } },
  { service: networking.certManager, args: { acme, replicas: 2 } },
  { service: networking.certManager, args: {} },
  {
    service: networking.traefik,
    instance: "traefik-public",
    args: {
      exposure: "public",
      pool: "public",
      address: "10.0.20.200",
      authentication: { users: "publicUsers" },
      allowedSources: ["10.0.0.0/8"],
    },
  },
  {
    service: networking.traefik,
    instance: "traefik-private",
    args: { exposure: "private", pool: "private", address: "10.0.20.210", replicas: 1 },
  },
];

const reason = withoutCharts ?? withoutKubernetes;
const skipped = reason === undefined ? "" : ` (skipped: ${reason})`;

describe(`values of charts${skipped}`, () => {
  for (const { service, ...options } of cases) {
    const context = (): ReturnType<typeof contextOf> =>
      contextOf(service, { ...options, routes: [route, { ...route, name: "vault", exposure: "private" }] });
    const name = `${options.instance ?? service.name} ${JSON.stringify(options.args).slice(0, 40)}`;

    it(`${name}: the chart knows every key, and its schema accepts the values`, function () {
      if (withoutCharts !== undefined) this.skip();
      for (const { plan, values } of renderService(service, context()).releases) {
        assert.deepEqual(checkRelease(plan, values), []);
      }
    });

    it(`${name}: every object fits the schema of its kind`, function () {
      if (withoutCharts !== undefined || withoutKubernetes !== undefined) this.skip();
      for (const { manifest } of renderService(service, context()).objects) assert.deepEqual(checkObject(manifest), []);
    });

    it(`${name}: what the footprint states arrives at its place and nowhere else`, () => {
      const left = provePlacement(service, context);
      assert.deepEqual(left, service === networking.metallb ? ["controller.replicas"] : []);
    });
  }
});

describe(`what charts decide by themselves${skipped}`, () => {
  before(function () {
    if (withoutCharts !== undefined) this.skip();
  });
  const leftOpen = ({ service, ...options }: { service: Service; args: unknown }): string[] =>
    renderService(service, contextOf(service, options)).releases.flatMap(({ plan, values }) =>
      resourcesLeftOpen(plan, values),
    );

  it("requests of every image are stated; open are only those of containers that are switched off", () => {
    assert.deepEqual(leftOpen({ service: networking.certManager, args: {} }), []);
    assert.deepEqual(leftOpen({ service: networking.traefik, args: cases.at(-1)?.args }), []);
    const byFrr = [
      "frr",
      "reloader",
      "frrMetrics",
      "initContainers.cpFrrFiles",
      "initContainers.cpReloader",
      "initContainers.cpMetrics",
    ];
    assert.deepEqual(
      leftOpen({ service: networking.metallb, args: {} }),
      byFrr.map((name) => `speaker.${name}.resources`),
    );
  });

  it("pods run without root, without capabilities and on a read-only file system by the charts' defaults, which we keep", () => {
    const hardened = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] }, readOnlyRootFilesystem: true };
    const standing = (name: string, path: string): unknown => getAt(chartData(name)?.defaults, path);
    assert.deepEqual(standing("traefik", "securityContext"), hardened);
    assert.equal(standing("traefik", "podSecurityContext.runAsNonRoot"), true);
    for (const part of ["", "webhook.", "cainjector.", "startupapicheck."]) {
      assert.deepEqual(standing("cert-manager", `${part}containerSecurityContext`), hardened);
      assert.equal(standing("cert-manager", `${part}securityContext.runAsNonRoot`), true);
    }
    assert.equal(standing("metallb", "controller.securityContext.runAsNonRoot"), true);
  });
});

describe(`checkRelease${skipped}`, () => {
  before(function () {
    if (withoutCharts !== undefined) this.skip();
  });
  const release = (chart: keyof typeof charts): Pick<ReleasePlan, "name" | "chart"> => ({
    name: "it",
    chart: charts[chart],
  });
  const problems = (chart: keyof typeof charts, values: Values): string[] => checkRelease(release(chart), values);

  it("names the nearest key for one that the chart does not know", () => {
    const [problem, ...others] = problems("vault", { server: { ha: { replica: 3 } } });
    assert.match(
      problem ?? "",
      /^it \(vault 0\.34\.1\): server\.ha\.replica: the chart has no such key; the nearest is server\.ha\.replicas$/,
    );
    assert.deepEqual(others, []);
  });

  it("refuses a value of another type where the chart has no schema", () => {
    assert.match(
      problems("longhorn", { longhornUI: { replicas: "two" } }).join(),
      /longhornUI\.replicas: "two" is a string, and the chart's default is a number/,
    );
    assert.match(
      problems("longhorn", { longhornUI: [] }).join(),
      /longhornUI: \[\] is a list, and the chart's default is a map/,
    );
  });

  it("refuses what the chart's own schema refuses, also in a subchart", () => {
    assert.match(
      problems("traefik", { deployment: { replicas: "2" } }).join(),
      /deployment\.replicas: "2" must be integer,null/,
    );
    assert.match(
      problems("certManager", { crds: { enable: true } }).join(),
      /crds\.enable: .*nearest is (crds\.)?enabled/,
    );
  });

  it("takes anything in a map that the chart leaves open, and keys that it offers in comments", () => {
    assert.deepEqual(
      problems("traefik", { nodeSelector: { disk: "fast" }, service: { spec: { externalTrafficPolicy: "Local" } } }),
      [],
    );
    assert.deepEqual(problems("certManager", { podDisruptionBudget: { minAvailable: 1 } }), []);
  });

  it("refuses a list or a map where an open one of the other kind stands", () => {
    assert.match(
      problems("longhorn", { longhornUI: { tolerations: {} } }).join(),
      /is a map, and the chart's default is a list/,
    );
  });

  it("refuses data of another version than the pin", () => {
    const chart = { ...charts.traefik, version: "1.0.0" };
    assert.deepEqual(checkRelease({ name: "it", chart }, {}), [
      "it (traefik 1.0.0): the data at hand is of version 41.3.0",
    ]);
  });
});

describe(`checkObject${skipped}`, () => {
  before(function () {
    if (withoutCharts !== undefined || withoutKubernetes !== undefined) this.skip();
  });
  const pool = (
    spec: unknown,
    metadata: Manifest["metadata"] = { name: "public", namespace: "metallb" },
  ): Manifest => ({
    apiVersion: "metallb.io/v1beta1",
    kind: "IPAddressPool",
    metadata,
    spec,
  });

  it("accepts what fits", () => {
    assert.deepEqual(checkObject(pool({ addresses: ["10.0.20.200-10.0.20.209"], autoAssign: false })), []);
  });

  it("names the nearest field for one that the kind does not have", () => {
    assert.deepEqual(checkObject(pool({ addresses: [], autoasign: false })), [
      "IPAddressPool public: spec.autoasign: there is no such field; the nearest is autoAssign",
    ]);
  });

  it("refuses a wrong type, a missing field, and a namespace where none belongs", () => {
    assert.match(
      checkObject(pool({ addresses: "10.0.20.200" })).join(),
      /spec\.addresses: "10\.0\.20\.200" must be array/,
    );
    assert.match(checkObject(pool({})).join(), /must have required property 'addresses'/);
    assert.match(checkObject(pool({ addresses: [] }, { name: "public" })).join(), /has to be in a namespace/);
    const issuer = {
      apiVersion: "cert-manager.io/v1",
      kind: "ClusterIssuer",
      metadata: { name: "a", namespace: "b" },
      spec: {},
    };
    assert.match(checkObject(issuer).join(), /its kind is in no namespace/);
  });

  it("checks kinds of Kubernetes itself, with references in place of text", () => {
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "a", namespace: "b" },
      stringData: { token: { $secret: "token" } },
    };
    assert.deepEqual(checkObject(secret), []);
    assert.match(
      checkObject({ ...secret, stringdata: {} }).join(),
      /stringdata: there is no such field; the nearest is stringData/,
    );
    assert.match(checkObject({ ...secret, stringData: { token: 5 } }).join(), /stringData\.token: 5 must be string/);
  });

  it("refuses a kind that nobody defines", () => {
    assert.match(
      checkObject({ apiVersion: "example.org/v1", kind: "Thing", metadata: { name: "a" } }).join(),
      /no schema of/,
    );
  });
});

describe("provePlacement", () => {
  const places = {
    replicas: "deployment.replicas",
    requests: "resources.requests",
    limits: "resources.limits",
    affinity: "affinity",
    tolerations: "tolerations",
    rollout: "updateStrategy",
  };
  const traefikWith = (pods: ReleasePlan["pods"]): (() => void) => {
    const service: Service = {
      ...networking.traefik,
      charts: (context) => networking.traefik.charts(context).map((release) => ({ ...release, pods })),
    };
    const args = { exposure: "private", pool: "private", address: "10.0.20.210" };
    return () => {
      provePlacement(service, () => contextOf(service, { args }));
    };
  };

  it("accepts what arrives", () => {
    assert.doesNotThrow(traefikWith({ traefik: places }));
  });

  it("catches an aspect without a place, and a workload that is forgotten", () => {
    const others = Object.fromEntries(Object.entries(places).filter(([aspect]) => aspect !== "tolerations"));
    assert.throws(traefikWith({ traefik: others }), /the footprint states tolerations, and nothing says where it goes/);
    assert.throws(traefikWith({}), /traefik places its workload traefik 0 times/);
  });

  it("catches a conversion that drops what it is given", () => {
    const dropped = { at: "resources.requests", as: () => ({ memory: "64Mi" }) };
    assert.throws(traefikWith({ traefik: { ...places, requests: dropped } }), /changing it changes nothing there/);
  });
});
