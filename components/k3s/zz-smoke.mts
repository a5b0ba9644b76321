import { createLab } from "../../tests/hosts/machine/lab.ts";
import { renderCommand, renderInput } from "@isthmus/remote/script";
import { runOverSsh } from "@isthmus/remote/client";
import { scripts } from "./scripts.ts";
import { planCluster, plannedNodes } from "./plan.ts";
import { preflightParameters, statusParameters } from "./parameters.ts";
import { settingsOf } from "./six-nodes.ts";
const lab = await createLab(["server-1", "agent-1"]);
try {
  const nodes = lab.hosts.map((h) => ({
    name: h.name,
    role: h.name.startsWith("s") ? ("server" as const) : ("agent" as const),
    address: h.address,
    labels: {},
    taints: [],
  }));
  const plan = planCluster({ name: "site-a", nodes, settings: settingsOf() });
  for (const node of plannedNodes(plan)) {
    const host = lab.host(node.node.name);
    const go = async (script: any, parameters: any) => {
      const call = { script, host: host.name, parameters, secretNames: [], user: "root" };
      const started = Date.now();
      const r = await runOverSsh({ name: host.name, ...host.connection } as any, {
        command: renderCommand(call),
        input: renderInput(script, {}),
      });
      console.log(script.name, r.status, Date.now() - started, "ms\n" + r.stdout + r.stderr);
    };
    await go(scripts.preflight, preflightParameters(plan, node.node));
    await go(scripts.preflight, {
      ...preflightParameters(plan, node.node),
      NODE: "other",
      ADDRESS: "10.9.9.9",
      CLUSTER_CIDR: host.address.replace(/\d+$/, "0/24"),
      DISK_MIB: 99999999,
    });
    await go(scripts.status, statusParameters(plan, node));
    await go(scripts.kubeconfig, { API_ADDRESS: "1.2.3.4", CLUSTER: "a" });
    if (node.node.role === "server") await go(scripts.genesis, { SERVERS: ["10.0.0.1", "10.0.0.2"] });
  }
} finally {
  await lab.destroy();
}
