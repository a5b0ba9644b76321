import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";

/** One thing that test hosts need, and how a person gets it. */
export interface Missing {
  readonly what: string;
  readonly fix: string;
}

const PROGRAMS: Readonly<Record<string, string>> = {
  ip: "iproute2",
  tc: "iproute2",
  iptables: "iptables",
  nsenter: "util-linux",
  unshare: "util-linux",
  setpriv: "util-linux",
  pivot_root: "util-linux",
  sshd: "openssh-server",
  etcd: "etcd-server",
  etcdctl: "etcd-client",
  curl: "curl",
  nginx: "nginx-core",
  openssl: "openssl",
  kubectl: "kubernetes-client",
};

/** By which the clock of a host goes wrong. */
const faketime = "faketime/libfaketimeMT.so.1";

function onPath(program: string): boolean {
  const folders = `${process.env["PATH"] ?? ""}${delimiter}/usr/sbin${delimiter}/sbin`.split(delimiter);
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function pythonHas(module: string): boolean {
  try {
    execFileSync("/usr/bin/python3", ["-I", "-c", `import ${module}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** What this machine lacks to run test hosts; empty where it lacks nothing. */
export function missing(): readonly Missing[] {
  if (process.platform !== "linux") {
    return [{ what: "Linux (hosts are made of its network namespaces)", fix: "run it in a Linux virtual machine" }];
  }
  const found: Missing[] = [];
  if (process.getuid?.() !== 0) {
    found.push({ what: "root (to make namespaces and mounts)", fix: "sudo npm run test:hosts" });
  }
  for (const [program, debianPackage] of Object.entries(PROGRAMS)) {
    if (!onPath(program)) found.push({ what: program, fix: `apt-get install ${debianPackage}` });
  }
  if (!readdirSync("/usr/lib").some((folder) => existsSync(join("/usr/lib", folder, faketime)))) {
    found.push({ what: faketime, fix: "apt-get install libfaketime" });
  }
  for (const module of ["yaml", "cryptography"]) {
    if (!pythonHas(module)) {
      found.push({ what: `${module} for /usr/bin/python3`, fix: `apt-get install python3-${module}` });
    }
  }
  return found;
}

/** For a mocha `before` hook: skips the suite where the machine cannot run it, and says why; in CI that is a failure. */
export function requireHosts(context: Mocha.Context): void {
  const lacks = missing();
  if (lacks.length === 0) return;
  const lines = lacks.map(({ what, fix }) => `  ${what}: ${fix}`).join("\n");
  const message = `Test hosts cannot run on this machine. It lacks:\n${lines}`;
  if (process.env["CI"] === "true") throw new Error(message);
  console.warn(message);
  context.skip();
}
