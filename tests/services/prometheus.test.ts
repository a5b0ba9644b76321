import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { execa } from "execa";
import { getAt } from "@isthmus/core";
import { stringify } from "yaml";
import type { SitePlan } from "../../plan/plans.ts";
import { resolve } from "../../program/resolve.ts";
import { listAt, mapAt, type Json } from "../../cli/lib/charts/kubernetes.ts";
import { inOrder } from "../kits/in-order.ts";
import { until } from "../kits/lab/command.ts";
import { afterwards } from "./afterwards.ts";
import { Authority, shownSerial } from "./certificates.ts";
import { objectOf, siteOf } from "./default-stacks.ts";
import { heldIn } from "./held.ts";
import { PodLab } from "../kits/pods/lab.ts";
import type { Pod } from "../kits/pods/pod.ts";
import type { Held } from "../kits/pods/volumes.ts";
import { packagesMissing, requireAll, rootMissing } from "./programs.ts";
import { prometheusConfiguration, prometheusPod, scrapeJob } from "./prometheus-configuration.ts";
import { podsThatKubernetesTellsOf } from "./discovered-pods.ts";
import { renderedObject } from "./rendered.ts";

const namespace = "monitoring";
const names = ["site-a", "site-b"] as const;
type SiteName = (typeof names)[number];

const programs = {
  prometheus: "prometheus",
  promtool: "prometheus",
  nginx: "nginx-core",
  bwrap: "bubblewrap",
  openssl: "openssl",
  ip: "iproute2",
  iptables: "iptables",
};

/** What one site has here: its Prometheus, and the proxy through which the other one fetches. */
interface SiteHere {
  readonly site: SitePlan;
  readonly authority: Authority;
  readonly prometheus: Pod;
  readonly proxy: Pod;
}

/** The start script of nginx' image: templates with the environment's values in them, then nginx. https://github.com/nginx/docker-nginx-unprivileged */
const entrypoint = `#!/bin/sh -e
for template in /etc/nginx/templates/*.template; do
  target=/etc/nginx/conf.d/$(basename "$template" .template)
  sed "s|\\\${FEDERATION_PASSWORD}|$FEDERATION_PASSWORD|g" "$template" >"$target"
done
printf 'daemon off; pid /tmp/pid; error_log stderr;\\nevents {}\\nhttp { access_log off; client_body_temp_path /tmp/client; proxy_temp_path /tmp/proxy; fastcgi_temp_path /tmp/fastcgi; uwsgi_temp_path /tmp/uwsgi; scgi_temp_path /tmp/scgi; include /etc/nginx/conf.d/*.conf; }\\n' >/tmp/nginx.conf
exec nginx -p /tmp -c /tmp/nginx.conf
`;

describe("measurements and alerts of two sites, by the real Prometheus and nginx", function () {
  inOrder(this);
  const later = afterwards(this);
  let lab: PodLab;
  let measured: Server;
  let nodesReady = 6;
  const here = new Map<SiteName, SiteHere>();

  before(async function () {
    requireAll(this, [...rootMissing(), ...packagesMissing(programs)]);
    lab = await PodLab.create();
    later(() => lab.remove());
    // Stands in for kube-state-metrics: two of its series, of which our rules sum up the site.
    measured = createServer((asked, answer) => {
      const nodes = Array.from({ length: 6 }, (_, index) => `k3s-${index}`);
      const lines = nodes.flatMap((node, index) => [
        `kube_node_info{node="${node}"} 1`,
        `kube_node_status_condition{node="${node}",condition="Ready",status="true"} ${index < nodesReady ? 1 : 0}`,
      ]);
      answer.end(asked.url === "/metrics" ? `${lines.join("\n")}\n` : "");
    });
    await new Promise<void>((resolve) => measured.listen(9000, lab.ownAddress, resolve));
    later(() => measured.close());
    const usr = await lab.image("monitoring", { programs: { "bin/start-nginx": entrypoint } });
    for (const name of names) here.set(name, await siteHere(name, usr));
  });

  const hereAt = (name: SiteName): SiteHere => {
    const found = here.get(name);
    if (found === undefined) throw new Error(`${name} is not set up`);
    return found;
  };

  async function siteHere(name: SiteName, usr: string): Promise<SiteHere> {
    const site = siteOf(name);
    const authority = new Authority(join(lab.folder, `authority-${name}`));
    const own = renderedObject(site, namespace, { kind: "Prometheus", name: "monitoring-prometheus" });
    const common = { namespace, usr, held: {} };
    const prometheus = await lab.pod({
      ...common,
      name: `prometheus-${name}`,
      spec: prometheusPod(mapAt(own, "spec"), names),
      claims: ["data"],
    });
    const pod = getAt(objectOf(site, "Deployment", "monitoring-federation"), "spec.template.spec") as Json;
    const proxy = await lab.pod({
      ...common,
      name: `federation-${name}`,
      spec: {
        ...pod,
        containers: listAt(pod, "containers").map((container) => ({ ...container, command: ["start-nginx"] })),
      },
      names: { "monitoring-prometheus.monitoring.svc.cluster.local": prometheus.address },
    });
    // A port of the nodes: kube-proxy hands it on to the pod's.
    const [port] = getAt(objectOf(site, "Service", "monitoring-federation"), "spec.ports") as readonly Json[];
    const redirect = ["-p", "tcp", "--dport", String(port?.["nodePort"]), "-j", "REDIRECT", "--to-ports", "9443"];
    await proxy.inNetwork(["iptables", "-w", "-t", "nat", "-A", "PREROUTING", ...redirect]);
    lab.resolve(proxy.address, [`metrics.${name}.homelab.internal`]);
    return { site, authority, prometheus, proxy };
  }

  /** What Secrets hold at a site: its own, and what it is told of the other one. */
  function secretsAt(name: SiteName): Held {
    const { site, authority } = hereAt(name);
    return heldIn(site, namespace, {
      generated: (of, part) => (part === "certificate" ? authority.certificate : passwordOf(name, of)),
      peer,
    });
  }

  const passwordOf = (name: SiteName, of: string): string => `${of}-of-${name}`;

  /** What a site gives out, as its plan says. */
  function peer(name: string, output: string): string {
    const other = hereAt(name as SiteName);
    const exported = other.site.services.reduce<unknown>(
      (found, service) => found ?? service.exports.metrics,
      undefined,
    );
    const plain = resolve(exported, {
      secret: (secret) => secret,
      generated: (of, part) =>
        part === "certificate" ? other.authority.certificate : passwordOf(name as SiteName, of),
      peer: () => undefined,
    }) as Json;
    return String(plain[output.replace(/^metrics\./, "")]);
  }

  /** Everything that the Prometheus of a site is given, as a volume each. */
  function heldByPrometheus(name: SiteName): Held {
    const { site } = hereAt(name);
    const secrets = secretsAt(name);
    const rendered = renderedObject(site, namespace, { kind: "Prometheus", name: "monitoring-prometheus" });
    const ours = site.services
      .flatMap(({ objects }) => objects.map(({ manifest }) => manifest))
      .filter(({ kind }) => kind === "ScrapeConfig")
      .map((manifest) => resolve(manifest, { secret: String, generated: String, peer }) as Json);
    const secretText = (reference: Json): string =>
      secrets[`Secret/${String(reference["name"])}`]?.[String(reference["key"])] ?? "";
    const jobs = [
      { job_name: "kube-state-metrics", static_configs: [{ targets: [`${lab.ownAddress}:9000`] }] },
      { job_name: "node-exporter", static_configs: [{ targets: ["127.0.0.1:9090", "127.0.0.1:1"] }] },
      ...ours.map((manifest) => scrapeJob(manifest, secretText)),
    ];
    const groups = getAt(objectOf(site, "PrometheusRule", "isthmus-rules"), "spec.groups");
    const rules = stringify({ groups }).replace(/^(\s+for): .*$/gm, "$1: 1s");
    return {
      ...Object.fromEntries(names.map((other) => [`Secret/monitoring-fetch-${other}`, {}])),
      ...secrets,
      "Secret/configuration": { "prometheus.yaml": stringify(prometheusConfiguration(rendered, jobs)) },
      "Secret/rules": { "isthmus-rules.yaml": rules },
      "Secret/discovered": { "pods.json": JSON.stringify(podsThatKubernetesTellsOf) },
    };
  }

  function heldByProxy(name: SiteName): Held {
    const { site, authority } = hereAt(name);
    return {
      ...secretsAt(name),
      "Secret/monitoring-federation-tls": authority.issue(objectOf(site, "Certificate", "monitoring-federation-tls")),
    };
  }

  /** Values of what a query finds, by their labels. */
  async function query(name: SiteName, text: string): Promise<readonly { labels: Labels; value: number }[]> {
    const at = `http://${hereAt(name).prometheus.address}:9090/api/v1/query?query=${encodeURIComponent(text)}`;
    const { data } = (await (await fetch(at)).json()) as {
      data: { result: readonly { metric: Labels; value: [number, string] }[] };
    };
    return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  }

  const said = (name: SiteName): string =>
    `${hereAt(name).prometheus.said.slice(-2000)}\n${hereAt(name).proxy.said.slice(-2000)}`;

  async function finds(name: SiteName, text: string, value: number): Promise<Labels> {
    let found: readonly { labels: Labels; value: number }[] = [];
    await until(`${name} finds ${text} = ${value}`, async () => {
      found = await query(name, text).catch(() => []);
      return found.length === 1 && found[0]?.value === value;
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${JSON.stringify(found)}\n${said(name)}`);
    });
    return found[0]?.labels ?? {};
  }

  it("are of rules and jobs in which promtool finds nothing", async () => {
    for (const name of names) {
      const { "Secret/rules": rules, "Secret/configuration": configuration } = heldByPrometheus(name);
      const file = join(lab.folder, "rules.yaml");
      writeFileSync(file, rules?.["isthmus-rules.yaml"] ?? "");
      assert.match((await execa("promtool", ["check", "rules", file])).stdout, /SUCCESS: 1\d rules found/);
      const config = join(lab.folder, "prometheus.yaml");
      writeFileSync(config, configuration?.["prometheus.yaml"] ?? "");
      assert.match((await execa("promtool", ["check", "config", "--syntax-only", config])).stdout, /SUCCESS/);
    }
  });

  it("are those of a site at the site", async () => {
    for (const name of names) {
      const { prometheus, proxy } = hereAt(name);
      prometheus.hold(heldByPrometheus(name));
      proxy.hold(heldByProxy(name));
      await prometheus.start();
      await proxy.start();
    }
    for (const name of names) await finds(name, "site:nodes:count{site=''}", 6);
  });

  it("are fetched from the other site by its name, port, CA and password, in both directions", async () => {
    await finds("site-a", "up{job='site-site-b'}", 1);
    await finds("site-b", "up{job='site-site-a'}", 1);
    await finds("site-a", "site:nodes:count{site='site-b'}", 6);
    nodesReady = 5;
    await finds("site-a", "site:nodes_ready:count{site='site-b'}", 5);
  });

  it("are the other site's sums and alerts, and nothing else", async () => {
    const labels = await finds("site-a", "ALERTS{alertname='NodeDown',alertstate='firing',site='site-b'}", 1);
    assert.equal(labels["instance"], "127.0.0.1:1");
    const fetchedNames = await query("site-a", "count by (__name__) ({site='site-b'})");
    assert.deepEqual(fetchedNames.map(({ labels: own }) => own["__name__"]).sort(), [
      "ALERTS",
      "site:nodes:count",
      "site:nodes_ready:count",
      "site:targets_up:ratio",
    ]);
    // What site-b fetched in its turn does not come back.
    assert.deepEqual(await query("site-a", "{site='site-a'}"), []);
  });

  it("are of pods that say so by annotation, each once, at the port and path that they say", async () => {
    const answer = await fetch(`http://${hereAt("site-a").prometheus.address}:9090/api/v1/targets`);
    const { data } = (await answer.json()) as {
      data: { activeTargets: readonly { labels: Labels; scrapeUrl: string }[] };
    };
    assert.deepEqual(
      data.activeTargets
        .filter(({ labels }) => labels["job"] === "pods")
        .map(({ labels, scrapeUrl }) => [labels["pod"], scrapeUrl])
        .sort(),
      [
        ["main-1", "http://10.42.1.7:9187/metrics"],
        ["other-1", "http://10.42.1.8:8080/own"],
      ],
    );
  });

  it("show a renewed certificate of the proxy without a restart", async () => {
    const { proxy } = hereAt("site-b");
    const before = await shownSerial(proxy.address, 9443);
    proxy.hold(heldByProxy("site-b"));
    assert.notEqual(await shownSerial(proxy.address, 9443), before);
    await finds("site-a", "up{job='site-site-b'}", 1);
  });

  it("tell that the other site is lost, and that it is back, with another password after a reload", async () => {
    const { proxy } = hereAt("site-b");
    await proxy.kill();
    await finds("site-a", "ALERTS{alertname='SiteConnectivityLost',alertstate='firing',job='site-site-b'}", 1);
    // Another password is another pod there, and a file that is read again here.
    const renewed = (held: Held): Held =>
      JSON.parse(JSON.stringify(held).replaceAll("monitoring-federation-of-site-b", "renewed")) as Held;
    proxy.hold(renewed(heldByProxy("site-b")));
    await proxy.start();
    await finds("site-a", "up{job='site-site-b'}", 0);
    hereAt("site-a").prometheus.hold(renewed(heldByPrometheus("site-a")));
    await fetch(`http://${hereAt("site-a").prometheus.address}:9090/-/reload`, { method: "POST" });
    await finds("site-a", "up{job='site-site-b'}", 1);
  });
});

type Labels = Readonly<Record<string, string>>;
