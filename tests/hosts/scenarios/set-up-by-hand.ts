import { stringify } from "yaml";
import { until, type Host } from "../../kits/lab/hosts.ts";
import type { TestSite } from "../../kits/site/test-site.ts";
import { versions } from "../../kits/site/test-site.ts";

export const tokens = { server: "chosen-years-ago", agent: "chosen-for-agents" } as const;
export const names = ["server-1", "server-2", "server-3", "agent-1"] as const;
const k3s = `/srv/k3s/${versions.first}`;

export const etc = "/etc/rancher/k3s";

/** Settings that people give to k3s in the places that k3s and systemd know. It is not started with them here. */
export function toldByHand(
  site: TestSite,
): readonly { readonly host: Host; readonly unit: string; readonly set: string }[] {
  const unit = "/etc/systemd/system/k3s.service";
  const flags =
    "--cluster-domain home.lan '--kube-apiserver-arg=feature-gates=A=true' --node-external-ip=203.0.113.7 --disable traefik --etcd-snapshot-retention 99";
  const append = (words: string, to = unit): string =>
    `sed -i "s|^\\t*    server .*|    server ${words} \\\\\\\\|" ${to}; systemctl daemon-reload`;
  return [
    {
      host: site.host("server-1"),
      unit,
      set: `${append(flags)}; echo HTTPS_PROXY=http://proxy.example:3128 >>${unit}.env`,
    },
    {
      host: site.host("server-2"),
      unit,
      set: `printf 'flannel-backend: host-gw\\n' >>${etc}/config.yaml; sed -i '/^tls-san:/a\\  - old.example' ${etc}/config.yaml`,
    },
    { host: site.host("server-3"), unit, set: append("--data-dir /srv/data/") },
    {
      host: site.host("agent-1"),
      unit: "/etc/systemd/system/k3s-agent.service",
      set: "echo K3S_RESOLV_CONF=/etc/not-told >>/etc/systemd/system/k3s-agent.service.env",
    },
  ];
}

/** As k3s' own guide has it: a configuration, the installer, one machine after the other. */
export async function setUpByHand(site: TestSite): Promise<void> {
  const url = `https://${site.host("server-1").address}:6443`;
  for (const name of names.slice(0, 3)) {
    const where = name === "server-1" ? { "cluster-init": true } : { server: url };
    const both = { token: tokens.server, "agent-token": tokens.agent, "tls-san": [site.lab.network.address(1)] };
    await install(site.host(name), { ...where, ...both, disable: ["traefik"] }, "");
  }
  await install(site.host("agent-1"), undefined, `K3S_URL=${url} K3S_TOKEN=${tokens.agent}`);
  const first = site.host("server-1");
  await until(
    "three servers vote and four nodes are Ready",
    async () => {
      const columns = '{range .items[*]}{.status.conditions[?(@.status=="True")].type}{"\\n"}{end}';
      const { stdout } = await first.run(`k3s kubectl get nodes -o 'jsonpath=${columns}'`);
      const count = (type: string): number => stdout.split(/\s+/).filter((one) => one === type).length;
      return count("Ready") === 4 && count("EtcdIsVoter") === 3;
    },
    { timeoutMs: 60_000, everyMs: 500 },
  );
  await first.ok(
    "k3s kubectl label nodes --all by-hand=yes && k3s kubectl taint node agent-1 by-hand=yes:PreferNoSchedule",
  );
}

async function install(host: Host, config: object | undefined, environment: string): Promise<void> {
  if (config !== undefined) await host.put("/etc/rancher/k3s/config.yaml", stringify(config), 0o644);
  await host.ok(`install -m 755 ${k3s}/k3s /usr/local/bin/k3s`);
  await host.ok(`INSTALL_K3S_SKIP_DOWNLOAD=true ${environment} ${k3s}/install.sh`, { timeoutMs: 60_000 });
}
