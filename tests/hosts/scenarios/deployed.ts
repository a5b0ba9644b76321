/** A site's cluster as `npm run status`, `snapshot` and `restore` see it. */
import { clusterAccess, k3sSettings, planCluster } from "@isthmus/k3s";
import { withWhatStateKnows, type DeployedCluster } from "../../../cli/lib/cluster/deployed.ts";
import { parseCheckpoint, type Checkpoint } from "../../../cli/lib/pulumi/checkpoint.ts";
import type { TestSite } from "../../kits/site/test-site.ts";

/** The plan of what is declared, and the stack's output with what its state knows. */
export async function deployed(site: TestSite): Promise<DeployedCluster> {
  const { name, nodes, settings } = site.file;
  const outputs = await site.stack.outputs({ secrets: true });
  const { kubeconfig } = outputs;
  return {
    plan: planCluster({ name, nodes, settings: k3sSettings.parse(settings) }),
    access: withWhatStateKnows(clusterAccess.parse(outputs["clusterAccess"]), await stateOf(site)),
    ...(typeof kubeconfig === "string" ? { kubeconfig } : {}),
  };
}

async function stateOf(site: TestSite): Promise<Checkpoint> {
  const run = await site.fleet.pulumi(["stack", "export", "--show-secrets", "--stack", site.stack.name]);
  return parseCheckpoint(run.stdout, "the state");
}
