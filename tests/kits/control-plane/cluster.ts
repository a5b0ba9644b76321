import { generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import { freePort } from "../../services/process.ts";
import { Api, serverName } from "./api.ts";
import { Programs } from "./processes.ts";
import type { ProgramFiles } from "./programs.ts";
import { stages } from "./stages.ts";

/** How a control plane is set up. */
export interface ClusterSettings {
  readonly serviceCidr: string;
  /** Beside those that k3s gives: `name=value`, as they stand in `kube-apiserver-arg`. Files are read from `files`. */
  readonly apiServerArguments?: readonly string[];
  readonly controllerManagerArguments?: readonly string[];
  /** Files that arguments name, by their path on a server. */
  readonly files?: Readonly<Record<string, string>>;
  /** Seconds that KWOK renews a node's lease within. Default: 40, the kubelet's. */
  readonly leaseSeconds?: number;
}

export interface Cluster {
  readonly api: Api;
  /** Where everything of it is. */
  readonly folder: string;
  /** Waits until a namespace has the account that its pods get: a controller makes it. */
  accountIn(namespace: string): Promise<void>;
  /** Ends the kubelets of nodes that are to be lost, as a power cut does: no heartbeat, and nobody acknowledges a deletion. */
  lose(): Promise<void>;
  /** Fails where a program has ended. */
  check(): void;
  said(program: string): string;
  stop(): Promise<void>;
}

/** Nodes have this annotation: who stands in for their kubelets. Those of `doomed` end with {@link Cluster.lose}. */
export const kubelets = { lasting: "lasting", doomed: "doomed" } as const;
export const kubeletAnnotation = "kwok.x-k8s.io/node";

interface Paths {
  readonly folder: string;
  readonly etcd: string;
  readonly apiPort: number;
  readonly authority: string;
}

/**
 * Starts etcd, API server, controllers, scheduler and KWOK on loopback, in a folder of their own. They end with this process.
 * Who they are and what they may is as k3s has it: https://github.com/k3s-io/k3s/blob/v1.34.3%2Bk3s1/pkg/daemons/control/server.go
 * (apiServer, controllerManager, scheduler).
 */
export async function startCluster(files: ProgramFiles, settings: ClusterSettings): Promise<Cluster> {
  const programs = new Programs();
  try {
    return await begin(programs, files, settings);
  } catch (error) {
    await programs.stop();
    throw error;
  }
}

const accounts = {
  admin: ["admin", "system:masters"],
  controllers: ["system:kube-controller-manager", ""],
  scheduler: ["system:kube-scheduler", ""],
} as const;

async function begin(programs: Programs, files: ProgramFiles, settings: ClusterSettings): Promise<Cluster> {
  const { folder } = programs;
  const [clients, peers, apiPort] = [await freePort(), await freePort(), await freePort()];
  const paths = {
    folder,
    etcd: `http://127.0.0.1:${clients}`,
    apiPort,
    authority: join(folder, "certificates/apiserver.crt"),
  };
  const tokens = writeAccounts(folder);
  programs.start("etcd", files.etcd, etcdArguments(paths, peers));
  programs.start("kube-apiserver", files["kube-apiserver"], apiServerArguments(paths, settings));
  await until(programs, () => existsSync(paths.authority));
  const kubeconfigs = writeKubeconfigs(paths, tokens);
  programs.start(
    "kube-controller-manager",
    files["kube-controller-manager"],
    controllerArguments(paths, kubeconfigs.controllers, settings),
  );
  programs.start("kube-scheduler", files["kube-scheduler"], schedulerArguments(kubeconfigs.scheduler));
  const api = new Api({ port: apiPort, token: tokens.admin, authorityFile: paths.authority });
  await until(programs, () =>
    api.get("/readyz").then(
      () => true,
      () => false,
    ),
  );
  for (const kubelet of Object.values(kubelets)) {
    programs.start(`kwok-${kubelet}`, files.kwok, [
      ...kwokArguments(paths, kubeconfigs.admin, settings),
      `--manage-nodes-with-annotation-selector=${kubeletAnnotation}=${kubelet}`,
    ]);
  }
  const accountIn = (namespace: string): Promise<void> =>
    until(programs, async () => (await api.list({ apiVersion: "v1", kind: "ServiceAccount", namespace })).length > 0);
  await accountIn("default");
  return {
    api,
    folder,
    accountIn,
    lose: () => programs.end(`kwok-${kubelets.doomed}`),
    check: () => {
      programs.check();
    },
    said: (program) => programs.said(program),
    stop: async () => {
      api.close();
      await programs.stop();
    },
  };
}

async function until(programs: Programs, done: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 90_000;
  while (!(await done())) {
    programs.check();
    if (Date.now() > deadline)
      throw new Error(`the control plane does not answer:\n${programs.said("kube-apiserver").slice(-2000)}`);
    await sleep(200);
  }
}

type Tokens = Readonly<Record<keyof typeof accounts, string>>;

function writeAccounts(folder: string): Tokens {
  const tokens = Object.fromEntries(
    Object.keys(accounts).map((name) => [name, randomBytes(16).toString("hex")]),
  ) as Tokens;
  const rows = Object.entries(accounts).map(([name, [user, group]], index) =>
    [tokens[name as keyof Tokens], user, index, ...(group === "" ? [] : [group])].join(","),
  );
  writeFileSync(join(folder, "tokens.csv"), `${rows.join("\n")}\n`, { mode: 0o600 });
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  writeFileSync(join(folder, "service.key"), privateKey.export({ type: "pkcs1", format: "pem" }), { mode: 0o600 });
  writeFileSync(join(folder, "service.pub"), publicKey.export({ type: "spki", format: "pem" }));
  return tokens;
}

function writeKubeconfigs(
  { folder, apiPort, authority }: Paths,
  tokens: Tokens,
): Readonly<Record<keyof typeof accounts, string>> {
  const written = Object.entries(tokens).map(([name, token]) => {
    const file = join(folder, `${name}.kubeconfig`);
    const cluster = {
      server: `https://127.0.0.1:${apiPort}`,
      "certificate-authority": authority,
      "tls-server-name": serverName,
    };
    const text = stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "c", cluster }],
      users: [{ name, user: { token } }],
      contexts: [{ name: "c", context: { cluster: "c", user: name } }],
      "current-context": "c",
    });
    writeFileSync(file, text, { mode: 0o600 });
    return [name, file];
  });
  return Object.fromEntries(written) as Readonly<Record<keyof typeof accounts, string>>;
}

const etcdArguments = ({ folder, etcd }: Paths, peers: number): readonly string[] => [
  `--data-dir=${join(folder, "etcd")}`,
  "--unsafe-no-fsync",
  `--listen-client-urls=${etcd}`,
  `--advertise-client-urls=${etcd}`,
  `--listen-peer-urls=http://127.0.0.1:${peers}`,
  `--initial-advertise-peer-urls=http://127.0.0.1:${peers}`,
  `--initial-cluster=default=http://127.0.0.1:${peers}`,
];

function apiServerArguments({ folder, etcd, apiPort }: Paths, settings: ClusterSettings): readonly string[] {
  const own = {
    "etcd-servers": etcd,
    "secure-port": String(apiPort),
    "bind-address": "127.0.0.1",
    "cert-dir": join(folder, "certificates"),
    "token-auth-file": join(folder, "tokens.csv"),
    "allow-privileged": "true",
    "authorization-mode": "Node,RBAC",
    "enable-admission-plugins": "NodeRestriction",
    "anonymous-auth": "false",
    profiling: "false",
    "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
    "service-account-key-file": join(folder, "service.pub"),
    "service-account-signing-key-file": join(folder, "service.key"),
    "service-cluster-ip-range": settings.serviceCidr,
  };
  return merged(own, localFiles(folder, settings.files ?? {}, settings.apiServerArguments ?? []));
}

/** Arguments that name a file of a server name its copy here. */
function localFiles(
  folder: string,
  files: Readonly<Record<string, string>>,
  args: readonly string[],
): readonly string[] {
  const copies = Object.entries(files).map(([path, content], index) => {
    const copy = join(folder, `file-${index}`);
    writeFileSync(copy, content);
    return [path, copy] as const;
  });
  return args.map((argument) => {
    const [name = "", ...value] = argument.split("=");
    const path = value.join("=");
    const copy = copies.find(([known]) => known === path)?.[1];
    // What it writes goes into the folder, too.
    return copy !== undefined ? `${name}=${copy}` : path.startsWith("/") ? `${name}=${join(folder, name)}` : argument;
  });
}

/** What is said last holds, as k3s has it of `kube-…-arg`. */
function merged(own: Readonly<Record<string, string>>, more: readonly string[]): readonly string[] {
  const said = more
    .map((argument) => argument.split("="))
    .map(([name = "", ...value]) => [name, value.join("=")] as const);
  return Object.entries({ ...own, ...Object.fromEntries(said) }).map(([name, value]) => `--${name}=${value}`);
}

function controllerArguments(
  { folder, authority }: Paths,
  kubeconfig: string,
  settings: ClusterSettings,
): readonly string[] {
  const own = {
    kubeconfig,
    "service-account-private-key-file": join(folder, "service.key"),
    "root-ca-file": authority,
    "use-service-account-credentials": "true",
    // k3s' own controllers do what these would.
    controllers: "*,-service-lb-controller,-node-route-controller,-cloud-node-lifecycle-controller",
    "leader-elect": "false",
    "bind-address": "127.0.0.1",
    "secure-port": "0",
    profiling: "false",
  };
  return merged(own, settings.controllerManagerArguments ?? []);
}

const schedulerArguments = (kubeconfig: string): readonly string[] => [
  `--kubeconfig=${kubeconfig}`,
  "--leader-elect=false",
  "--secure-port=0",
  "--profiling=false",
];

function kwokArguments(
  { folder }: Paths,
  kubeconfig: string,
  { leaseSeconds = 40 }: ClusterSettings,
): readonly string[] {
  const file = join(folder, "stages.yaml");
  writeFileSync(file, stages.map((stage) => stringify(stage)).join("---\n"));
  return [
    `--kubeconfig=${kubeconfig}`,
    `--config=${file}`,
    `--node-lease-duration-seconds=${leaseSeconds}`,
    "--cidr=10.42.0.0/16",
  ];
}
