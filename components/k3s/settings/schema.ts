import { shapes, urlShape } from "@isthmus/core";
import { z } from "zod";
import { certificates } from "./certificates.ts";
import { defaultVersion, images } from "./pins.ts";
import { snapshots, tokens } from "./snapshot-settings.ts";

const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, "is no SHA-256: 64 hexadecimal digits in lower case")
  .describe("SHA-256 of the file, 64 hexadecimal digits.");

// IPv4 alone: addresses of a site, of the overlay and of the other sites are compared with these.
const cidr = z.cidrv4("a network in CIDR notation such as 10.42.0.0/16");
const address = shapes.address;

// Endings that k3s imports: https://docs.k3s.io/installation/airgap
const archiveName = z
  .string()
  .regex(/^[\w.-]+\.(tar|tar\.(gz|zst|lz4|bz2)|tgz|tbz|tzst)$/, "is no image archive, as kube-vip.tar.zst");

const archiveChecksums = z
  .strictObject({
    binary: sha256
      .optional()
      .describe("SHA-256 of the k3s binary for this architecture. Default: what is stated here for that version."),
    images: sha256.optional().describe("SHA-256 of the image archive. Needed where `source.images` is true."),
    archives: z
      .record(archiveName, sha256)
      .default({})
      .describe(
        "Further image archives beside k3s' own, by file name, such as one with kube-vip's image. Default: none.",
      ),
  })
  .describe("Checksums of the files for one CPU architecture, from the release's sha256sum-<architecture>.txt.");

const source = z
  .strictObject({
    url: urlShape({ protocol: /^https?$/ })
      .optional()
      .describe(
        "Mirror: <url>/<version>/ holds k3s, k3s-arm64, install.sh and image archives. Excludes `folder`. Default: k3s' releases on GitHub.",
      ),
    folder: z
      .string()
      .startsWith("/")
      .optional()
      .describe("Folder on every host that holds <version>/k3s, <version>/install.sh … Excludes `url`."),
    ca: certificates
      .optional()
      .describe("Certificate of the authority that the mirror's own is from, in PEM form. Default: those of the host."),
    images: z.boolean().default(false).describe("Also bring the archive of k3s' own images (air gap). Default: false."),
  })
  .refine((value) => value.url === undefined || value.folder === undefined, "has a url and a folder: choose one")
  .refine((value) => value.ca === undefined || value.url !== undefined, "has a ca and no url that it is for");

const api = z
  .discriminatedUnion("kind", [
    z.strictObject({
      kind: z
        .literal("kube-vip")
        .describe("A virtual address on the site's own network, announced by ARP; it does not cross to another site."),
      address: address.describe("Free address on the site's network, outside of every DHCP range."),
      interface: shapes.networkInterface
        .optional()
        .describe("Network interface that carries it. Default: on each server the one that has the node's address."),
      image: z
        .string()
        .regex(
          /^[^\s:@]+(:\d+)?\/[^\s@]+(:[^\s@]+)?@sha256:[0-9a-f]{64}$|^[^\s@]+:(?!latest$)[^\s@/]+$/,
          "needs a tag that is not latest, or a digest",
        )
        .default(images.kubeVip)
        .describe(
          "kube-vip's image, with a tag or a digest: v1.0.1 or newer, or name `interface`, as older ones read none from a file.",
        ),
    }),
    z.strictObject({
      kind: z
        .literal("external")
        .describe("A load balancer or DNS name that you keep, which leads to port 6443 of all servers."),
      address: z.union([address, z.hostname()], "an IPv4 address or a DNS name").describe("Its address or name."),
    }),
  ])
  .describe(
    "Where the Kubernetes API is reached, whichever servers are up. In every server's certificate from the start.",
  );

const hardening = z
  .strictObject({
    cis: z
      .boolean()
      .default(true)
      .describe(
        "The CIS profile: kernel settings, audit log, admission rules, event rate limit. Default: true. A change restarts the servers one by one.",
      ),
    podSecurity: z
      .enum(["privileged", "baseline", "restricted"])
      .default("baseline")
      .describe(
        "Pod Security Standard of namespaces that do not choose their own by label. CIS asks for restricted. Default: baseline.",
      ),
    privilegedNamespaces: z
      .array(shapes.name)
      .default([])
      .describe("Namespaces that no Pod Security Standard is enforced in, besides kube-system. Default: none."),
  })
  .prefault({});

// k3s leaves a rewrite out that it cannot read, and goes on.
const expression = z.string().refine(isExpression, "is no regular expression that k3s reads");

function isExpression(text: string): boolean {
  try {
    new RegExp(text);
    return !/\(\?(?!:)|\\[1-9]/.test(text);
  } catch {
    return false;
  }
}

const registryName = z
  .string()
  .regex(/^[A-Za-z0-9.-]+(:\d+)?$/, "a registry such as docker.io or registry.example:5000");

const registries = z
  .strictObject({
    mirrors: z
      .record(z.union([registryName, z.literal("*")]), z.array(urlShape({ protocol: /^https?$/ })).min(1))
      .default({})
      .describe("For each registry (or * for all) the endpoints that are asked before it, in this order."),
    rewrites: z
      .record(z.union([registryName, z.literal("*")]), z.record(expression, z.string()))
      .default({})
      .describe(
        "For a registry of `mirrors`: what names of its images become there, a regular expression to its replacement, as ^rancher/(.*) to mirror/$1.",
      ),
    fallback: z
      .boolean()
      .default(true)
      .describe("Asks the registry itself, too, where its mirrors have not got an image. Default: true."),
    logins: z
      .record(
        registryName,
        z.strictObject({
          username: z.string().min(1).describe("User at that registry."),
          password: shapes.secretName.describe("The secret that holds its password or token."),
        }),
      )
      .default({})
      .describe("Who the nodes are at which registry. Default: nobody."),
    authorities: z
      .record(registryName, certificates)
      .default({})
      .describe("For a registry the certificate of its authority, in PEM form. Default: those of the host."),
    embedded: z
      .boolean()
      .default(false)
      .describe(
        "Nodes give images to one another (k3s' embedded registry mirror; TCP 5001 and 6443 between all nodes). Default: false.",
      ),
  })
  .superRefine(({ mirrors, rewrites, logins }, context) => {
    const problem = (path: string[], message: string): void => {
      context.addIssue({ code: "custom", path, message });
    };
    for (const name of Object.keys(rewrites)) {
      if (!Object.hasOwn(mirrors, name))
        problem(["rewrites", name], "has no mirror: names are rewritten for mirrors only");
    }
    for (const [name, endpoints] of Object.entries(mirrors)) {
      // What is no URL is told of by itself.
      for (const { protocol, host } of endpoints
        .filter((endpoint) => URL.canParse(endpoint))
        .map((endpoint) => new URL(endpoint))) {
        if (protocol === "http:" && Object.hasOwn(logins, host)) {
          problem(["mirrors", name], `sends the password for ${host} unencrypted: use https`);
        }
      }
    }
  })
  .prefault({});

const adopt = z
  .strictObject({
    serverToken: shapes.secretName.describe("The secret that holds its token: /var/lib/rancher/k3s/server/token."),
    agentToken: shapes.secretName
      .optional()
      .describe("The secret that holds its agent token, if it has one of its own. Default: the server token."),
  })
  .describe(
    "Takes over a k3s cluster that runs on these machines, without a restart: what is declared takes effect at the next start. Stays here for good, as its tokens are needed.",
  );

const upgrade = z
  .strictObject({
    drain: z.boolean().default(true).describe("Move pods away before a node gets another version. Default: true."),
    drainSeconds: z.int().min(10).default(300).describe("How long that may take, in seconds. Default: 300."),
  })
  .prefault({});

/** The user's k3s settings of a site. Strict: an unknown key is an error. */
export const k3sSettings = z.strictObject({
  version: z
    .string()
    .regex(/^v1\.\d+\.\d+\+k3s\d+$/, "is not a k3s version, such as v1.34.3+k3s1")
    .default(defaultVersion)
    .describe(
      `k3s version. A change upgrades: servers one by one, then agents. Servers skip no minor version, and there is no way back. Default: ${defaultVersion}; it moves with releases of Isthmus, so that a cluster that is to stay where it is states its own.`,
    ),
  checksums: z
    .strictObject({
      installer: sha256
        .optional()
        .describe("SHA-256 of install.sh at that version. Default: what is stated here for that version."),
      amd64: archiveChecksums.optional(),
      arm64: archiveChecksums.optional(),
    })
    .prefault({})
    .describe(
      "What the downloaded files must be. Default: what is stated here for that version; preview names what is missing, and where it is.",
    ),
  source: source.prefault({}).describe("Where the files come from."),
  api,
  clusterCidr: cidr
    .default("10.42.0.0/16")
    .describe("Network of the pods. Another at every site. Cannot be changed later."),
  serviceCidr: cidr
    .default("10.43.0.0/16")
    .describe("Network of the services. Another at every site. Cannot be changed later."),
  flannel: z
    .enum(["vxlan", "host-gw", "wireguard-native", "none"])
    .default("vxlan")
    .describe(
      "How pods of different nodes reach each other; wireguard-native encrypts; none is for a cluster that runs with another CNI and is taken over (`adopt`). Default: vxlan.",
    ),
  disable: z
    .array(z.enum(["servicelb", "traefik", "local-storage", "metrics-server", "coredns"]))
    .default(["servicelb", "traefik"])
    .describe(
      "What k3s brings and this site does not want. Default: servicelb and traefik. Refused: coredns where pods of a service look names up; and to leave servicelb beside metallb, or traefik beside traefik.",
    ),
  secretsEncryption: z
    .boolean()
    .default(true)
    .describe(
      "Encrypt Secrets in etcd. Default: true. Cannot be switched by a change here once the cluster runs: refused.",
    ),
  agentLanes: z.int().min(1).max(50).default(5).describe("How many agents are worked on at the same time. Default: 5."),
  waitSeconds: z
    .int()
    .min(30)
    .default(300)
    .describe("How long a node may take to become Ready, in seconds. Default: 300."),
  snapshotter: z
    .enum(["overlayfs", "native", "fuse-overlayfs"])
    .default("overlayfs")
    .describe("containerd's snapshotter. Default: overlayfs."),
  kubeletArguments: z
    .array(z.string().regex(/^[a-z][a-z0-9-]*=/, "is no kubelet argument, as max-pods=150"))
    .default([])
    .describe("Further arguments of every kubelet. Default: none."),
  diskMib: z
    .int()
    .min(0)
    .default(4096)
    .describe("What must be free below /var/lib before k3s is installed, in MiB. Default: 4096."),
  hardening: hardening.describe("How far the cluster is hardened."),
  tokens: tokens.describe("Tokens that nodes join with, and that snapshots are restored with."),
  snapshots: snapshots.describe("Snapshots of etcd."),
  registries: registries.describe("Where images come from."),
  adopt: adopt.optional(),
  upgrade: upgrade.describe("How a change of the version goes."),
});

export type K3sSettingsInput = z.input<typeof k3sSettings>;
export type K3sSettings = z.output<typeof k3sSettings>;
