import { connect } from "node:net";
import { UserError } from "@isthmus/core";
import { load } from "../../../config/load.ts";
import { catalogue } from "../../../plan/catalogue.ts";
import { agrees, say, UsageError } from "../command-line.ts";
import { nameOf, pendingOf, resourcesOf } from "../pulumi/checkpoint.ts";
import { withoutResources } from "../pulumi/forget.ts";
import { keepCopy, mustImportStack, readState, requireStack, type StackAt } from "../pulumi/stacks.ts";
import { hostsIn, lostHost, type LostHost } from "./lost-host.ts";

export interface ForgetHostOptions extends StackAt {
  readonly host: string;
  /** The site's name once more: do not ask. */
  readonly confirm: string | undefined;
}

/**
 * Takes a Proxmox host that is gone for good, with all that was on it, out of a stack's state: whoever asks that host for
 * anything fails, and so would every `up`. Nothing is deleted anywhere. False where the answer was another name.
 */
export async function forgetHost({ host, confirm, ...at }: ForgetHostOptions): Promise<boolean> {
  const { site } = at;
  await requireStack(at);
  const state = await readState(at);
  const known = hostsIn(state);
  const node = known.get(host) ?? declaredHost(at, host)?.node;
  if (node === undefined) {
    throw new UsageError(`${site} knows no Proxmox host "${host}"; there are: ${[...known.keys()].sort().join(", ")}.`);
  }
  const lost = lostHost(state, host, node);
  if (lost.resources.length === 0) {
    say(`Nothing of ${site} is on ${host} (${node}), as far as its state tells. There is nothing to forget.`);
    return true;
  }
  const gone = new Set(lost.resources.map(({ urn }) => urn));
  const half = pendingOf(state).filter(({ resource }) => !gone.has(resource.urn));
  if (half.length > 0) {
    throw new UserError(
      `A run on ${site} was killed. What it left has to be settled first: npm run recover -- ${site}`,
    );
  }
  await refuseLiving(at, host, lost);
  say(describe(host, node, lost));
  if (!(await agrees(site, confirm, `Type the site's name to forget ${host}:`))) return false;
  const copy = keepCopy(at, state, new Date());
  const without = withoutResources(state, ({ urn }) => gone.has(urn));
  await mustImportStack(at, without);
  say(afterwards(site, host, { node, left: resourcesOf(without).length, copy }));
  return true;
}

function declaredHost(
  { config, site }: StackAt,
  host: string,
): { readonly node: string; readonly address?: string | undefined } | undefined {
  const loaded = load(config, catalogue);
  if (!("model" in loaded)) return undefined;
  return loaded.model.sites.find(({ name }) => name === site)?.proxmox?.hypervisors[host];
}

/** What runs on in the cluster, and is known to nobody, would be worse than an `up` that fails. */
async function refuseLiving(at: StackAt, host: string, { machines }: LostHost): Promise<void> {
  const { address } = declaredHost(at, host) ?? {};
  const places = [...(address === undefined ? [] : [{ name: host, address }]), ...machines];
  const answers = await Promise.all(
    places.map(async ({ name, address: at }) => ((await greetsBySsh(at)) ? [`${name} (${at})`] : [])),
  );
  const alive = answers.flat();
  if (alive.length === 0) return;
  throw new UserError(
    `${host} is not gone: ${alive.join(", ")} answers over SSH. What runs there would run on, and nobody would know of it. ` +
      "Take the machines out of the stack file and run `pulumi up`, which deletes them; or switch the host off for good. Nothing was changed.",
  );
}

const answerWithinMilliseconds = 3_000;

/** That a connection opens says little: a gateway may take it for anybody. A server greets first. */
async function greetsBySsh(host: string): Promise<boolean> {
  if (host === "") return false;
  return new Promise((resolve) => {
    const socket = connect({ host, port: 22 });
    const end = (greets: boolean): void => {
      clearTimeout(clock);
      socket.destroy();
      resolve(greets);
    };
    const clock = setTimeout(end, answerWithinMilliseconds, false);
    socket.once("data", (said) => {
      end(said.toString("latin1").startsWith("SSH-"));
    });
    socket.once("error", () => {
      end(false);
    });
    socket.once("close", () => {
      end(false);
    });
  });
}

const describe = (host: string, node: string, { resources, machines }: LostHost): string =>
  `On ${host} (${node} in Proxmox), by the state:\n${resources.map((one) => `  ${nameOf(one)}`).join("\n")}\n` +
  `What is given up: the disks of ${machines.map(({ name }) => name).join(", ") || "no machine"}, for good. They are deleted nowhere: ` +
  `should ${host} ever come back, its VMs start with it, and nobody knows of them. Keep it off the network until they are deleted by hand.`;

const afterwards = (
  site: string,
  host: string,
  { node, left, copy }: { readonly node: string; readonly left: number; readonly copy: string },
): string =>
  `${host} is forgotten; ${String(left)} resources are left. The state before is in ${copy}.\n` +
  `In Pulumi.${site}.yaml, take its machines out, or give each another vm.host and a vm.id that is free; take ${host} out of hosts. ` +
  "Then:\n" +
  `  pulumi up --stack ${site}    # the cluster forgets the nodes, and etcd its members\n` +
  `Where the other Proxmox hosts are a cluster with it: pvecm delnode ${node} on one of them.`;
