import assert from "node:assert/strict";
import { join } from "node:path";
import { fleetOrRefuse } from "../../plan/stack-files.ts";
import { exceptions } from "../../cli/lib/charts/exceptions.ts";
import type { ReleaseFacts } from "../../cli/lib/charts/facts.ts";
import { judge } from "../../cli/lib/charts/judge.ts";
import { readKept, staleFacts } from "../../cli/lib/charts/kept.ts";
import { digestsCarried } from "../../cli/lib/charts/laws/digests-carried.ts";
import { laws } from "../../cli/lib/charts/laws/index.ts";
import type { PodFacts } from "../../cli/lib/charts/pods.ts";
import { renderedSite } from "../../cli/lib/charts/site.ts";

const root = join(import.meta.dirname, "../..");
const fleet = fleetOrRefuse(root);
const sites = fleet.sites.map((plan) => ({ plan, facts: readKept(root, plan.facts.name) }));

describe("what charts make of the default stacks", () => {
  for (const { plan, facts } of sites) {
    it(`is known as it is today: ${plan.facts.name}`, () => {
      assert.deepEqual(staleFacts(plan, facts), [], "render anew: npm run charts -- --sources FOLDER --pull --write");
    });

    it(`keeps every law: ${plan.facts.name}`, () => {
      const { breaches, idle, releases } = judge(renderedSite(plan, facts), laws, exceptions);
      assert.deepEqual(breaches, []);
      assert.deepEqual(idle, []);
      assert.equal(releases, 11);
    });
  }
});

describe("what is kept of a site", () => {
  const [site] = sites;
  assert.ok(site !== undefined);
  const { plan, facts } = site;

  it("is of yesterday once an object of ours is another one", () => {
    const services = plan.services.map((service) =>
      service.instance === "metallb" ? { ...service, objects: service.objects.slice(1) } : service,
    );
    assert.deepEqual(staleFacts({ ...plan, services }, facts), [
      "metallb: its own objects were never held to the schemas of their kinds as they are",
    ]);
  });

  it("is of yesterday once the cluster has another Kubernetes: other fields are taken", () => {
    const kubernetes = { ...plan.facts.kubernetes, version: "v1.35.1+k3s1" };
    const stale = staleFacts({ ...plan, facts: { ...plan.facts, kubernetes } }, facts);
    assert.equal(stale.length, plan.services.length + facts.releases.size);
    assert.ok(stale.includes("vault: its objects were held to the schema of v1.34.3, and the site has v1.35.1"));
  });

  it("is of yesterday where nobody had held objects to schemas yet", () => {
    const [name, release] = [...facts.releases][0] ?? [];
    assert.ok(name !== undefined && release !== undefined);
    const { judged, ...before } = release;
    assert.equal(judged.kubernetes, "v1.34.3");
    const releases = new Map([...facts.releases, [name, before as ReleaseFacts]]);
    assert.deepEqual(staleFacts(plan, { ...facts, releases }), [
      `${name}: its objects were held to the schema of nothing, and the site has v1.34.3`,
    ]);
  });

  it("is a breach where an object of ours is one that its kind's schema refuses, or that nobody held to it", () => {
    const of = (own: typeof facts.own): string[] =>
      judge(renderedSite(plan, { ...facts, own }), laws, exceptions).breaches.map(({ law, release, at, problem }) =>
        [law, release, at, problem].join(" "),
      );
    const judged = facts.own.get("metallb");
    assert.ok(judged !== undefined);
    const invalid = ["IPAddressPool public: spec.adresses: there is no such field"];
    assert.deepEqual(of(new Map([...facts.own, ["metallb", { ...judged, invalid }]])), [
      "objects-valid metallb IPAddressPool public spec.adresses: there is no such field",
    ]);
    assert.deepEqual(of(new Map([...facts.own].filter(([instance]) => instance !== "metallb"))), [
      "objects-valid metallb objects nobody held them to the schemas of their kinds",
    ]);
  });
});

/** The first site, with one release's facts spoiled. */
function breachesWith(release: string, spoil: (facts: ReleaseFacts) => ReleaseFacts): string[] {
  const [site] = sites;
  assert.ok(site !== undefined);
  const own = site.facts.releases.get(release);
  assert.ok(own !== undefined, `there are facts of ${release}`);
  const spoiled = { ...site.facts, releases: new Map([...site.facts.releases, [release, spoil(own)]]) };
  return judge(renderedSite(site.plan, spoiled), laws, exceptions).breaches.map(
    ({ law, release: at, problem }) => `${law} ${at}: ${problem}`,
  );
}

/** One kind of pods of a release, changed. */
const pods =
  (name: string, change: (pods: PodFacts) => PodFacts) =>
  (facts: ReleaseFacts): ReleaseFacts => {
    assert.ok(
      facts.pods.some((one) => one.name === name),
      `${facts.release} has ${name}`,
    );
    return { ...facts, pods: facts.pods.map((one) => (one.name === name ? change(one) : one)) };
  };

const containers =
  (change: (container: PodFacts["containers"][number]) => PodFacts["containers"][number]) =>
  (one: PodFacts): PodFacts => ({ ...one, containers: one.containers.map(change) });

describe("a fault in what a chart makes", () => {
  const planted: readonly [string, string, (facts: ReleaseFacts) => ReleaseFacts, RegExp][] = [
    [
      "a key of a Secret that nobody writes",
      "monitoring",
      pods("monitoring-grafana", (one) => ({
        ...one,
        references: [
          ...one.references,
          { kind: "Secret", name: "monitoring-grafana-admin", namespace: "monitoring", key: "pasword" },
        ],
      })),
      /^names-resolve monitoring: Secret monitoring-grafana-admin has no key pasword; it has password, user$/,
    ],
    [
      "a ConfigMap that is not there",
      "traefik-public",
      pods("traefik-public", (one) => ({
        ...one,
        references: [...one.references, { kind: "ConfigMap", name: "absent", namespace: one.namespace }],
      })),
      /^names-resolve traefik-public: there is no ConfigMap absent$/,
    ],
    [
      "a server that is called by a name which its certificate lacks",
      "minio",
      (facts) => ({
        ...facts,
        tlsNames: [...facts.tlsNames, { in: "StatefulSet minio", host: "minio-7.minio-svc.elsewhere.svc" }],
      }),
      /^tls-names minio: no certificate has the name minio-7\.minio-svc\.elsewhere\.svc$/,
    ],
    [
      "a pod that no footprint states",
      "vault",
      (facts) => ({
        ...facts,
        pods: [
          ...facts.pods,
          ...facts.pods.slice(0, 1).map((one) => ({ ...one, name: "more", labels: {}, claims: [] })),
        ],
      }),
      /^pods-stated vault: no footprint states it$/,
    ],
    [
      "a workload that the chart does not make",
      "metallb",
      (facts) => ({ ...facts, pods: facts.pods.filter(({ name }) => name !== "metallb-controller") }),
      /^pods-stated metallb: no Deployment of its charts has its labels$/,
    ],
    [
      "an operator that is told of no image of its pods",
      "longhorn",
      (facts) => ({
        ...facts,
        images: facts.images.filter(({ image }) => !image.includes("longhorn-instance-manager")),
      }),
      /^pods-stated longhorn: nothing tells the operator to start docker\.io\/longhornio\/longhorn-instance-manager$/,
    ],
    [
      "pods of an operator that nothing shows",
      "monitoring",
      (facts) => ({ ...facts, pods: facts.pods.filter(({ name }) => name !== "monitoring-prometheus") }),
      /^pods-stated monitoring: no object of it has its pods, and nothing says why they cannot be seen$/,
    ],
    [
      "a reloader beside an operator's server that asks for more",
      "monitoring",
      pods(
        "monitoring-prometheus",
        containers((one) =>
          one.name === "config-reloader" ? { ...one, requests: { memory: "33Mi", cpu: "10m" } } : one,
        ),
      ),
      /^pods-as-stated monitoring: it has \{"memory":1057,"cpu":210\}, and the footprint states \{"memory":1056,"cpu":210\}$/,
    ],
    [
      "a volume of an operator's server of another size",
      "monitoring",
      pods("monitoring-alertmanager", (one) => ({
        ...one,
        claims: one.claims.map((claim) => ({ ...claim, size: "2Gi" })),
      })),
      /^pods-as-stated monitoring: its claims have \[2048\] MiB, and the footprint states 1024$/,
    ],
    [
      "another memory request",
      "cert-manager",
      pods(
        "cert-manager",
        containers((one) => ({ ...one, requests: { ...one.requests, memory: "97Mi" } })),
      ),
      /^pods-as-stated cert-manager: it has \{"memory":97,"cpu":20\}, and the footprint states \{"memory":96,"cpu":20\}$/,
    ],
    [
      "one replica too few",
      "traefik-private",
      pods("traefik-private", (one) => ({ ...one, replicas: 1 })),
      /^pods-as-stated traefik-private: it has 1, and the footprint states 2$/,
    ],
    [
      "a pod that its namespace does not admit",
      "cloudnative-pg",
      pods("cloudnative-pg", (one) => ({ ...one, level: "privileged" })),
      /^pod-security cloudnative-pg: it needs privileged, and its namespace allows restricted$/,
    ],
    [
      "a role that reads Secrets everywhere",
      "minio",
      (facts) => ({
        ...facts,
        roles: [
          ...facts.roles,
          { kind: "ClusterRole", name: "reader", rules: [{ verbs: ["list"], groups: [""], resources: ["secrets"] }] },
        ],
        bindings: [
          ...facts.bindings,
          {
            name: "reader",
            role: { kind: "ClusterRole", name: "reader" },
            subjects: [{ kind: "ServiceAccount", name: "minio-sa", namespace: "minio" }],
          },
        ],
      }),
      /^rbac-as-stated minio: it may read Secrets in the whole cluster by ClusterRole reader, and the service does not state it$/,
    ],
    [
      "rights that are added to those of everybody who edits",
      "cert-manager",
      (facts) => ({
        ...facts,
        roles: facts.roles.map((role) =>
          role.name === "cert-manager-edit"
            ? { ...role, rules: [{ verbs: ["create"], groups: [""], resources: ["serviceaccounts/token"] }] }
            : role,
        ),
      }),
      /^rbac-as-stated cert-manager: it may request tokens in the whole cluster by ClusterRole cert-manager-edit, and the service does not state it$/,
    ],
    [
      "a permission that is stated and that nobody has any more",
      "cloudnative-pg",
      (facts) => ({ ...facts, bindings: [] }),
      /^rbac-as-stated cloudnative-pg: it is stated that it may exec into pods in the whole cluster, and nothing allows it$/,
    ],
    [
      "a binding to a role that nobody makes",
      "vault",
      (facts) => ({
        ...facts,
        bindings: facts.bindings.map((one) => ({ ...one, role: { ...one.role, name: "gone" } })),
      }),
      /^rbac-as-stated vault: nobody makes ClusterRole gone; what the API server brings along stands in builtInRoles$/,
    ],
    [
      "a pod in the host's network",
      "vault",
      pods("vault", (one) => ({ ...one, hostAccess: ["hostNetwork"] })),
      /^host-access-as-stated vault: it has hostNetwork, and the service states nothing of its host$/,
    ],
    [
      "access to hosts that is stated of pods which nothing makes",
      "metallb",
      (facts) => ({ ...facts, pods: facts.pods.filter(({ name }) => name !== "metallb-speaker") }),
      /^host-access-as-stated metallb: it is stated what these pods have of their hosts, and nothing makes them$/,
    ],
    [
      "a folder of the host that may be written",
      "monitoring",
      pods("monitoring-node-exporter", (one) => ({
        ...one,
        hostAccess: one.hostAccess.map((has) => (has === "hostPath / read-only" ? "hostPath /" : has)),
      })),
      /^host-access-as-stated monitoring: it has .*, hostPath \/, .*, and the service states .*hostPath \/ read-only/,
    ],
    [
      "an image without a version",
      "cert-manager",
      pods(
        "cert-manager",
        containers((one) => ({ ...one, image: "quay.io/jetstack/cert-manager-controller:latest" })),
      ),
      /^images-versioned cert-manager: its image is quay\.io\/jetstack\/cert-manager-controller:latest$/,
    ],
    [
      "an image without a version that an operator is told to start",
      "longhorn",
      (facts) => ({
        ...facts,
        images: [
          ...facts.images,
          { image: "docker.io/longhornio/longhorn-engine:master-head", in: "DaemonSet longhorn-manager" },
        ],
      }),
      /^images-versioned longhorn: its image is docker\.io\/longhornio\/longhorn-engine:master-head$/,
    ],
    [
      "a digest that nobody pinned",
      "metallb",
      (facts) => ({
        ...facts,
        images: facts.images.map(({ image, ...one }) => ({ ...one, image: `${image}@sha256:${"0".repeat(64)}` })),
      }),
      /^digests-carried metallb: it runs quay\.io\/metallb\/speaker:v0\.16\.1 by the digest 0{64}, and pins\.ts has none$/,
    ],
    [
      "a Service whose port no pod names",
      "traefik-public",
      (facts) => ({
        ...facts,
        services: facts.services.map((service) => ({
          ...service,
          ports: service.ports.map((port) => ({ ...port, targetPort: "webs" })),
        })),
      }),
      /^selectors-select traefik-public: its pods name no port webs$/,
    ],
    [
      "a disruption budget that spares nobody",
      "minio",
      (facts) => ({
        ...facts,
        budgets: facts.budgets.map((budget) => ({ ...budget, maxUnavailable: undefined, minAvailable: "3" })),
      }),
      /^drain-finishes minio: of 3 members none may go$/,
    ],
    [
      "members that keep apart and leave no node for a new one",
      "traefik-public",
      pods("traefik-public", (one) => ({
        ...one,
        replicas: 6,
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { labelSelector: { matchLabels: one.labels }, topologyKey: "kubernetes.io/hostname" },
            ],
          },
        },
        update: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      })),
      /^rollout-finishes traefik-public: 6 members that keep apart stand on 3 nodes, and none of them may go before a new one is ready$/,
    ],
    [
      "a field that a kind does not have",
      "monitoring",
      (facts) => ({
        ...facts,
        judged: {
          ...facts.judged,
          invalid: ["Prometheus monitoring-prometheus: spec.replica: there is no such field"],
        },
      }),
      /^objects-valid monitoring: spec\.replica: there is no such field$/,
    ],
    [
      "an object that a webhook refuses",
      "cloudnative-pg-barman-cloud",
      (facts) => ({
        ...facts,
        judged: { ...facts.judged, refused: ["Certificate barman-cloud-server: spec.secretName: must be specified"] },
      }),
      /^webhooks-admit cloudnative-pg-barman-cloud: spec\.secretName: must be specified$/,
    ],
    [
      "a webhook that nobody has read",
      "vault",
      (facts) => ({
        ...facts,
        webhooks: [
          {
            configuration: "MutatingWebhookConfiguration vault-agent-injector-cfg",
            name: "vault.hashicorp.com",
            failurePolicy: "Ignore",
            resources: ["/pods"],
          },
        ],
      }),
      /^webhooks-admit vault: nobody has written down what vault\.hashicorp\.com demands of objects of the group ""$/,
    ],
    [
      "a value that the chart does not read",
      "longhorn",
      (facts) => ({ ...facts, idle: ["persistance.size"] }),
      /^values-used longhorn: the chart does not read it$/,
    ],
  ];

  for (const [fault, release, spoil, message] of planted) {
    it(`breaks a law: ${fault}`, () => {
      const found = breachesWith(release, spoil);
      assert.ok(
        found.some((breach) => message.test(breach)),
        found.join("\n") || "no law was broken",
      );
    });
  }

  it("breaks a law: servers that an operator makes of our own object, one too few and of a volume too small", () => {
    const [site] = sites;
    assert.ok(site !== undefined);
    const rendered = renderedSite(site.plan, site.facts);
    const own = rendered.own.map(({ service, facts, ...one }) => ({
      ...one,
      service,
      facts: {
        ...facts,
        pods: facts.pods.map((pods) =>
          pods.name === "main"
            ? { ...pods, replicas: 2, claims: pods.claims.map((claim) => ({ ...claim, size: "19Gi" })) }
            : pods,
        ),
      },
    }));
    assert.deepEqual(
      judge({ ...rendered, own }, laws, exceptions).breaches.map(({ release, at, problem }) => [release, at, problem]),
      [
        ["cloudnative-pg", "operator main: replicas", "it has 2, and the footprint states 3"],
        ["cloudnative-pg", "operator main: storageSize", "its claims have [19456] MiB, and the footprint states 20480"],
      ],
    );
  });

  it("breaks a law: a pinned digest that a release does not carry", () => {
    const [site] = sites;
    assert.ok(site !== undefined);
    const digest = "1".repeat(64);
    const pin = { digest, of: "a speaker", source: "https://quay.io", compared: "never" } as const;
    const law = digestsCarried({ "quay.io/metallb/speaker:v0.16.1": pin });
    assert.deepEqual(law.breaches(renderedSite(site.plan, site.facts)), [
      {
        release: "metallb",
        at: "DaemonSet metallb-speaker",
        problem: `it runs quay.io/metallb/speaker:v0.16.1, whose digest ${digest} is pinned`,
      },
    ]);
  });

  it("breaks each law once at least", () => {
    const broken = new Set(
      planted.flatMap(([, release, spoil]) => breachesWith(release, spoil).map((breach) => breach.split(" ")[0])),
    );
    assert.deepEqual(
      laws.map(({ id }) => id).filter((id) => !broken.has(id)),
      [],
    );
  });
});
