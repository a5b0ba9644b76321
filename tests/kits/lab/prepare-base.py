#!/usr/bin/python3
"""Makes the layer that all test hosts of a lab share, over the machine's own files: prepare-base.py LAYER HERE

It hides what belongs to the machine (its units, its k3s, its root's home) and adds the stand-in for systemd and an sshd.
"""

import os
import shutil
import sys

LAYER, HERE = sys.argv[1:3]
HIDDEN = ("etc/systemd/system", "etc/rancher", "var/lib/rancher", "var/lib/kubelet", "var/lib/etcd", "var/log", "var/tmp", "root", "home",
          "usr/local/bin", "usr/local/sbin", "opt", "work", "mnt", "srv", "etc/default", "etc/cron.d", "etc/ssh", "run", "tmp", "boot")
SSHD = """Port 22
HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
PrintMotd no
MaxStartups 200:30:400
MaxSessions 100
Subsystem sftp internal-sftp
"""
SSH_UNIT = """[Unit]
Description=OpenBSD Secure Shell server
[Service]
Type=exec
ExecStart=/usr/sbin/sshd -D -e
ExecStartPre=/bin/mkdir -p /run/sshd
KillMode=process
Restart=on-failure
[Install]
WantedBy=multi-user.target
"""


def path(name):
    full = os.path.join(LAYER, name)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    return full


def write(name, text, mode=0o644):
    with open(path(name), "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path(name), mode)


for directory in HIDDEN:
    os.makedirs(path(directory), exist_ok=True)
    os.setxattr(path(directory), "trusted.overlay.opaque", b"y")
os.chmod(path("root"), 0o700)
os.chmod(path("tmp"), 0o1777)
for program in ("systemctl", "journalctl"):
    shutil.copy2(os.path.join(HERE, "init", program), path("usr/bin/" + program))
os.makedirs(path("usr/lib/test-host-init"), exist_ok=True)
for name in os.listdir(os.path.join(HERE, "init")):
    if name.endswith(".py") or name == "start":
        shutil.copy2(os.path.join(HERE, "init", name), path("usr/lib/test-host-init/" + name))
write("etc/ssh/sshd_config", SSHD)
write("etc/systemd/system/ssh.service", SSH_UNIT)
os.makedirs(path("etc/systemd/system/multi-user.target.wants"), exist_ok=True)
os.symlink("/etc/systemd/system/ssh.service", path("etc/systemd/system/multi-user.target.wants/ssh.service"))
write("etc/resolv.conf", "# a test host reaches nothing but its lab\n")
write("root/.bashrc", "")
# A password field of `!` would make sshd refuse root even with a key.
with open("/etc/shadow", encoding="utf-8") as file:
    lines = ["root:*:" + line.split(":", 2)[2] if line.startswith("root:") else line for line in file]
write("etc/shadow", "".join(lines), 0o640)
