import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { execa } from "execa";
import { getAt } from "@isthmus/core";
import { parse, stringify } from "yaml";
import { planFleet } from "../../plan/fleet.ts";
import { textAt, type Json } from "../../cli/lib/charts/kubernetes.ts";
import { inOrder } from "../kits/in-order.ts";
import { until } from "../kits/lab/command.ts";
import { afterwards } from "./afterwards.ts";
import { fleet, objectOf, siteOf } from "./default-stacks.ts";
import { freePort, give, start, workFolder, type Running } from "./process.ts";
import { requirePrograms } from "./programs.ts";
import { renderedObject, valuesOf } from "./rendered.ts";

const debian = "apt-get install prometheus-alertmanager";
const secretFile = "/etc/alertmanager/secrets/monitoring-discord/url";

/** What the chart makes of the default stacks, which tell nobody. */
function keptConfiguration(): Json {
  const secret = renderedObject(siteOf("site-a"), "monitoring", {
    kind: "Secret",
    name: "alertmanager-monitoring-alertmanager",
  });
  return parse(Buffer.from(textAt(secret, "data", "alertmanager.yaml") ?? "", "base64").toString()) as Json;
}

/** The same where alerts go to Discord: Helm lays our values over the chart's own, lists replace lists. */
function withDiscord(): Json {
  const { model } = fleet;
  const sites = model.sites.map((site) => ({
    ...site,
    services: site.services.map((one) =>
      one.instance === "monitoring"
        ? { ...one, args: { ...(one.args as Json), alerts: { discord: "discordUrl" } } }
        : one,
    ),
  }));
  const site = planFleet({ ...model, sites }).sites.find(({ facts }) => facts.name === "site-a");
  assert.ok(site !== undefined);
  const ours = getAt(valuesOf(site, "monitoring"), "alertmanager.config") as Json;
  const kept = keptConfiguration();
  return { ...kept, ...ours, route: { ...(kept["route"] as Json), ...(ours["route"] as Json) } };
}

/**
 * For Debian's 0.25, which cannot read Discord's URL from a file yet: the file's content in its place. Times alone are shortened besides.
 */
function forThisVersion(configuration: Json, url: string): string {
  const text = stringify(configuration)
    .replace(`webhook_url_file: ${secretFile}`, `webhook_url: ${url}`)
    .replace(/group_wait: .*/, "group_wait: 200ms")
    .replace(/group_interval: .*/, "group_interval: 1s");
  assert.doesNotMatch(text, /_file:/);
  return text;
}

type Labels = Readonly<Record<string, string>>;

interface Said {
  readonly path: string;
  readonly title: string;
}

describe("alerts, by the real Alertmanager", function () {
  inOrder(this);
  const later = afterwards(this);
  let folder: ReturnType<typeof workFolder>;
  let port: number;
  let alertmanager: Running;
  let discord: Server;
  const heard: Said[] = [];
  const nodes = [{ instance: "10.0.20.11:9100" }, { instance: "10.0.20.12:9100" }];

  before(async function () {
    requirePrograms(this, { "prometheus-alertmanager": debian, amtool: debian });
    folder = workFolder("alertmanager");
    later(() => {
      folder.remove();
    });
    discord = createServer((asked, answer) => {
      let body = "";
      asked.on("data", (part: Buffer) => (body += part.toString()));
      asked.on("end", () => {
        const { embeds } = JSON.parse(body) as { embeds: readonly { title: string }[] };
        heard.push({ path: asked.url ?? "", title: embeds[0]?.title ?? "" });
        answer.statusCode = 204;
        answer.end();
      });
    });
    await new Promise<void>((resolve) => discord.listen(0, "127.0.0.1", resolve));
    later(() => discord.close());
    port = await freePort();
  });

  const file = (name: string): string => join(folder.path, name);
  const urlOf = (token: string): string => `http://127.0.0.1:${(discord.address() as AddressInfo).port}/${token}`;

  function write(name: string, text: string): string {
    writeFileSync(file(name), text);
    give(file(name));
    return file(name);
  }

  /** Alerts as our rule and the external label of the site make them, all at once. */
  async function send(alert: string, series: readonly Labels[] = [{}], endsAt?: Date): Promise<void> {
    const groups = getAt(objectOf(siteOf("site-a"), "PrometheusRule", "isthmus-rules"), "spec.groups") as readonly {
      rules: readonly { alert?: string; labels?: Labels }[];
    }[];
    const rule = groups.flatMap(({ rules }) => rules).find((one) => one.alert === alert);
    const answer = await fetch(`http://127.0.0.1:${port}/api/v2/alerts`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(
        series.map((own) => ({ labels: { alertname: alert, site: "site-a", ...rule?.labels, ...own }, endsAt })),
      ),
    });
    assert.equal(answer.status, 200, await answer.text());
  }

  const routed = async (config: string, ...labels: readonly string[]): Promise<string> =>
    (await execa("amtool", ["config", "routes", "test", `--config.file=${config}`, ...labels])).stdout;

  it("are routed by a configuration that amtool takes: what is rendered of the default stacks, which tell nobody", async () => {
    const config = write("default.yml", stringify(keptConfiguration()));
    assert.match((await execa("amtool", ["check-config", config])).stdout, /SUCCESS[^]*- route\n[^]*- 1 receivers/);
    assert.equal(await routed(config, "alertname=NodeDown", "severity=critical"), "null");
  });

  it("go to Discord where the stack file says so, Watchdog apart", async () => {
    const config = write("alertmanager.yml", forThisVersion(withDiscord(), urlOf("first")));
    assert.match((await execa("amtool", ["check-config", config])).stdout, /SUCCESS[^]*- 2 receivers/);
    assert.equal(await routed(config, "alertname=NodeDown", "severity=critical"), "discord");
    assert.equal(await routed(config, "alertname=VaultSealed", "namespace=vault"), "discord");
    assert.equal(await routed(config, "alertname=Watchdog"), "null");
  });

  it("arrive there, once each group, and nothing of the Watchdog", async () => {
    mkdirSync(file("data"));
    give(file("data"));
    alertmanager = start("prometheus-alertmanager", [
      `--config.file=${file("alertmanager.yml")}`,
      `--storage.path=${file("data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--cluster.listen-address=",
    ]);
    later(() => alertmanager.stop());
    await until("Alertmanager is ready", async () =>
      fetch(`http://127.0.0.1:${port}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    await send("Watchdog");
    await send("NodeDown", nodes);
    await until("Discord hears of it", () => heard.length > 0);
    assert.deepEqual(heard, [{ path: "/first", title: "[FIRING:2] NodeDown site-a (critical)" }]);
  });

  it("tell of what is over, too", async () => {
    await send("NodeDown", nodes, new Date());
    await until("Discord hears that it is over", () => heard.some(({ title }) => title.startsWith("[RESOLVED]")));
    assert.ok(!heard.some(({ title }) => title.includes("Watchdog")));
  });

  it("are not kept back by a critical alert of another kind in the same namespace", async () => {
    heard.length = 0;
    await send("VaultSealed", [{ namespace: "vault" }]);
    await send("VaultNotUpdated", [{ namespace: "vault" }]);
    await until("both arrive", () => heard.length >= 2);
    assert.deepEqual(heard.map(({ title }) => title.split(" ")[1]).sort(), ["VaultNotUpdated", "VaultSealed"]);
  });

  it("go to another webhook after a reload", async () => {
    heard.length = 0;
    write("alertmanager.yml", forThisVersion(withDiscord(), urlOf("second")));
    alertmanager.signal("SIGHUP");
    await until("the second webhook hears", async () => {
      await send("CertificateExpiresSoon", [{ name: "soon", namespace: "a" }]);
      return heard.some(({ path }) => path === "/second");
    });
  });
});
