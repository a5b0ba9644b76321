"""The command line of k3s, as far as our scripts use it. What it does not know, it refuses."""

import os
import sys


def main():
    program, arguments = os.path.basename(sys.argv[0]), sys.argv[1:]
    if program in ("kubectl", "crictl", "ctr"):
        arguments = [program, *arguments]
    command, rest = (arguments or ["help"])[0], arguments[1:]
    if command in ("--version", "-v"):
        from standin.version import MARK, VERSION
        print(f"k3s version {VERSION} ({MARK})\ngo version none")
        return
    if command == "kubectl":
        from standin import kubectl
        kubectl.run(rest)
    elif command == "server":
        from standin import options
        settings = options.load("server", rest)
        if settings.get("cluster-reset"):
            from standin.snapshots import reset
            reset(settings)
        else:
            from standin.server import Server
            Server(settings).run()
    elif command == "agent":
        from standin import agent, options
        agent.run(options.load("agent", rest))
    elif command == "etcd-snapshot":
        from standin.snapshots import command as snapshot
        snapshot(rest)
    elif command == "kube-vip":
        from standin import kube_vip
        kube_vip.main(rest)
    elif command in ("token", "certificate", "secrets-encrypt"):
        from standin import commands
        {"token": commands.token_command, "certificate": commands.certificate_command,
         "secrets-encrypt": commands.encryption_command}[command](rest)
    else:
        sys.exit(f"stand-in: k3s {command} is not served here")


if __name__ == "__main__":
    main()
