/** A package of a host's system: built on the host, served by a repository on its own disk, installed by its real apt. */
import { execFileSync } from "node:child_process";
import type { Host } from "../../kits/lab/hosts.ts";

const name = "isthmus-probe";
/** What its installation leaves: one line each time, with the moment and the version. */
const log = "/var/log/isthmus-probe";
/** A configuration file of the package: a person may edit it. */
export const configuration = `/etc/${name}.conf`;

export interface Release {
  readonly version: string;
  /** Its installation asks for a reboot. */
  readonly reboot?: boolean;
  /** Its installation fails. */
  readonly broken?: boolean;
}

/** For a `before` hook: hosts lie over this machine's files, and so does their apt. */
export function requireApt(context: Mocha.Context): void {
  try {
    execFileSync("sh", ["-c", "command -v apt-get && command -v dpkg-deb"], { stdio: "ignore" });
  } catch {
    if (process.env["CI"] === "true") throw new Error("there is no apt-get on this machine");
    console.warn("skipped: updates of hosts are shown with apt, and this machine has no apt-get");
    context.skip();
  }
}

/** The host knows no source of packages but its own repository, and has the first release. */
export async function installProbe(host: Host): Promise<void> {
  await host.ok(`
    rm -rf /etc/apt/sources.list.d /var/lib/apt/lists /srv/apt && mkdir -p /etc/apt/sources.list.d /srv/apt
    echo 'deb [trusted=yes] file:/srv/apt ./' >/etc/apt/sources.list`);
  await publish(host, { version: "1" });
  await host.ok(`apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install ${name} && : >${log}`);
}

/** The repository has another release, and no older one. */
export async function publish(host: Host, { version, reboot = false, broken = false }: Release): Promise<void> {
  const installation = [
    "#!/bin/sh",
    '[ "$1" = configure ] || exit 0',
    `echo "$(date +%s%3N) ${version}" >>${log}`,
    // Long enough for a test to meet it at work.
    "sleep 0.5",
    ...(reboot ? ["touch /run/reboot-required"] : []),
    ...(broken ? ["echo this release is broken >&2; exit 1"] : []),
  ];
  const control = [
    `Package: ${name}`,
    `Version: ${version}`,
    "Architecture: all",
    "Maintainer: test <test@example.com>",
    "Description: what a host is updated with",
  ];
  await host.put("/tmp/probe/DEBIAN/control", `${control.join("\n")}\n`);
  await host.put("/tmp/probe/DEBIAN/postinst", `${installation.join("\n")}\n`, 0o755);
  await host.put("/tmp/probe/DEBIAN/conffiles", `${configuration}\n`);
  await host.put(`/tmp/probe${configuration}`, `of release ${version}\n`);
  await host.ok(`
    set -e
    rm -f /srv/apt/*
    chmod 755 /tmp/probe /tmp/probe/DEBIAN
    dpkg-deb -b /tmp/probe /srv/apt/probe.deb >/dev/null
    cd /srv/apt
    { cat /tmp/probe/DEBIAN/control
      echo "Filename: ./probe.deb"
      echo "Size: $(stat -c %s probe.deb)"
      echo "SHA256: $(sha256sum probe.deb | cut -d' ' -f1)"; } >Packages
    rm -rf /tmp/probe`);
}

/** The release that is installed whole; what is half done says so. */
export async function installedRelease(host: Host): Promise<string> {
  const [status, version] = (await host.ok(`dpkg-query -W -f='\${db:Status-Status} \${Version}' ${name}`)).split(" ");
  return status === "installed" ? (version ?? "") : `${status ?? ""} ${version ?? ""}`;
}

/** When which release was installed, in milliseconds since the epoch. */
export async function installations(host: Host): Promise<readonly { readonly at: number; readonly version: string }[]> {
  const lines = (await host.ok(`cat ${log}`)).trim().split("\n");
  return lines.flatMap((line) => {
    const [at, version] = line.split(" ");
    return version === undefined ? [] : [{ at: Number(at), version }];
  });
}

export async function bootId(host: Host): Promise<string> {
  return (await host.ok("cat /proc/sys/kernel/random/boot_id")).trim();
}

/** How often k3s' host was booted, as far as the journal of k3s goes back. */
export async function boots(host: Host): Promise<number> {
  const journal = "/var/log/journal-of-init/k3s*.service";
  return Number(await host.ok(`cat ${journal} | grep -o '"boot": "[^"]*"' | sort -u | wc -l`));
}
