import { lookUp } from "@isthmus/core";
import { File } from "@muhlba91/pulumi-proxmoxve/download/file.js";
import { Provider } from "@muhlba91/pulumi-proxmoxve/provider.js";
import {
  ComponentResource,
  output,
  secret,
  type ComponentResourceOptions,
  type Input,
  type Output,
} from "@pulumi/pulumi";
import { planImages, type ImagePlan, type SiteMachines } from "./plan.ts";
import type { ApiSettings, ProxmoxSettings } from "./schema.ts";

export interface HypervisorsArgs {
  readonly machines: SiteMachines;
  /** The value of a secret of this stack, by its name. */
  readonly secretValue: (name: string) => Input<string>;
}

/** What a VM needs of the host that it is made on. */
export interface Hypervisor {
  readonly provider: Provider;
  readonly image: File;
}

/** A site's Proxmox hosts: how their APIs are reached, and the cloud image, once on each host that has a VM. */
export class Hypervisors extends ComponentResource {
  /** By the name of the physical host. */
  readonly hosts: Readonly<Record<string, Hypervisor>>;

  constructor(name: string, args: HypervisorsArgs, options?: ComponentResourceOptions) {
    const images = planImages(args.machines);
    super("isthmus:proxmox:Hypervisors", name, { site: args.machines.site, images }, options);
    const providerOf = this.providers(name, args);
    this.hosts = Object.fromEntries(
      images.map((image) => {
        const provider = providerOf(image.host);
        return [image.host, { provider, image: this.image(`${name}-${image.host}-image`, image, provider) }];
      }),
    );
    this.registerOutputs({});
  }

  /** One provider for the cluster, and one for each host outside it. Names are stable: another provider is another VM. */
  private providers(name: string, { machines, secretValue }: HypervisorsArgs): (host: string) => Provider {
    const made = new Map<string, Provider>();
    return (host) => {
      const ownApi = lookUp(machines.proxmox.hypervisors, host, "Proxmox host").api;
      const providerName = ownApi === undefined ? `${name}-cluster` : `${name}-${host}`;
      const known = made.get(providerName);
      if (known !== undefined) return known;
      const api = ownApi ?? machines.proxmox.api;
      const provider = new Provider(
        providerName,
        {
          endpoint: api.endpoint,
          apiToken: apiToken(api, secretValue),
          insecure: api.acceptAnyCertificate !== undefined,
          ssh: sshSettings(machines.proxmox, secretValue),
        },
        { parent: this },
      );
      made.set(providerName, provider);
      return provider;
    };
  }

  /**
   * The file keeps its name whatever it holds, so that another image changes no VM. It is deleted before the new one is
   * downloaded, as both have the same place; an existing file is taken over, as an interrupted run may have left it.
   */
  private image(name: string, plan: ImagePlan, provider: Provider): File {
    return new File(
      name,
      {
        nodeName: plan.proxmoxNode,
        datastoreId: plan.datastore,
        contentType: "import",
        fileName: plan.file.fileName,
        url: plan.url,
        checksum: plan.checksum,
        checksumAlgorithm: plan.checksumAlgorithm,
        overwrite: false,
        overwriteUnmanaged: true,
        // Seconds: half a gigabyte over a slow home line.
        uploadTimeout: 3600,
      },
      { parent: this, provider, deleteBeforeReplace: true },
    );
  }
}

/** `user@realm!token=value`. A value that already has the id before it is taken as it is. */
function apiToken(api: ApiSettings, secretValue: HypervisorsArgs["secretValue"]): Output<string> {
  const prefix = `${api.token.id}=`;
  return secret(output(secretValue(api.token.secret)).apply((value) => prefix + value.trim().replace(prefix, "")));
}

function sshSettings({ ssh, hypervisors }: ProxmoxSettings, secretValue: HypervisorsArgs["secretValue"]) {
  return {
    agent: false,
    username: ssh.user,
    privateKey: secret(secretValue(ssh.privateKey)),
    nodes: Object.values(hypervisors).map(({ node, address }) => ({ name: node, address })),
  };
}
