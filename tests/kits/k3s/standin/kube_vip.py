"""What the pod of kube-vip does on each server once its DaemonSet is there: by its environment alone it competes for the lease, and
who has it holds the address and tells the network. A process of its own, as a container is: it outlives a restart of k3s."""

import fcntl
import os
import re
import socket
import struct
import subprocess
import sys
import time

import yaml

from standin import log
from standin.kubeclient import KubeClient
from standin.objects import ApiError, Where, now

DAEMON_SET = Where("apps/v1", "daemonsets", "kube-system")
RUN = "/run/k3s-standin"


def ensure(server):
    """Called in each round of the controllers: the kubelet's part."""
    if server.store.find(DAEMON_SET, "kube-vip") is None:
        return
    os.makedirs(RUN, exist_ok=True)
    with open(f"{RUN}/kube-vip.lock", "a", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return  # it runs
    with open("/var/log/kube-vip.log", "a", encoding="utf-8") as output:
        subprocess.Popen([sys.argv[0], "kube-vip", server.node, server.tls], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                         start_new_session=True)


class KubeVip:
    def __init__(self, node, tls):
        self.node, self.held = node, None
        self.client = KubeClient(6443, f"{tls}/server-ca.crt", f"{tls}/client-admin.crt", f"{tls}/client-admin.key", timeout=2.0)
        self.seen, self.seen_at, self.renewed = None, 0.0, 0.0

    def environment(self):
        """What the container is given; None where the DaemonSet is gone."""
        try:
            daemon_set = self.client.call("GET", "/apis/apps/v1/namespaces/kube-system/daemonsets/kube-vip")
        except ApiError as error:
            if error.code == 404:
                return None
            raise
        (container,) = daemon_set["spec"]["template"]["spec"]["containers"]
        found = {**self.file(container, daemon_set["spec"]["template"]["spec"].get("volumes", [])),
                 **{one["name"]: one["value"] for one in container["env"] if "value" in one}}
        for name, wanted in {"vip_arp": "true", "cp_enable": "true", "vip_leaderelection": "true", "port": "6443"}.items():
            if found.get(name) != wanted:
                log.fatal(f"stand-in: kube-vip is served with {name}={wanted} only, not {found.get(name)}")
        return found

    def file(self, container, volumes):
        """Its interface, where a file of this host says it: what the file leaves out is as the environment says
        (MergeConfigFromFile); without the file it ends, and is started again."""
        arguments = container.get("args", [])
        if "--config-file" not in arguments:
            return {}
        path = arguments[arguments.index("--config-file") + 1]
        for mount in container.get("volumeMounts", []):
            host = next(one["hostPath"]["path"] for one in volumes if one["name"] == mount["name"])
            path = path.replace(mount["mountPath"], host, 1) if path.startswith(mount["mountPath"] + "/") else path
        try:
            with open(path, encoding="utf-8") as stream:
                interface = (yaml.safe_load(stream) or {}).get("interface")
        except OSError as error:
            raise OSError(f"loading config file: config file does not exist: {path}") from error
        return {"vip_interface": interface} if interface else {}

    def leads(self, env):
        """Takes the lease where nobody renewed it for its duration, as this process saw it; renews what is its own."""
        path = f"/apis/coordination.k8s.io/v1/namespaces/{env['cp_namespace']}/leases"
        spec = {"holderIdentity": self.node, "leaseDurationSeconds": int(env["vip_leaseduration"]), "renewTime": now()[:-1] + ".000000Z"}
        try:
            lease = self.client.call("GET", f"{path}/{env['vip_leasename']}")
        except ApiError as error:
            if error.code != 404:
                raise
            meta = {"name": env["vip_leasename"], "namespace": env["cp_namespace"]}
            self.client.call("POST", path, {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": meta, "spec": spec})
            return True
        state = (lease["spec"].get("holderIdentity"), lease["spec"].get("renewTime"), lease["metadata"]["resourceVersion"])
        if state != self.seen:
            self.seen, self.seen_at = state, time.monotonic()
        if state[0] not in ("", None, self.node) and time.monotonic() - self.seen_at < int(env["vip_leaseduration"]):
            return False
        lease["spec"] = spec
        self.client.call("PUT", f"{path}/{env['vip_leasename']}", lease)
        return True

    def run(self):
        env = {"vip_retryperiod": "1", "vip_renewdeadline": "3"}
        while True:
            try:
                known = self.environment()
                if known is None:
                    self.release()
                    return
                env = known
                if self.leads(env):
                    self.renewed = time.monotonic()
                    self.hold(env)
                else:
                    self.release()
            except (ApiError, OSError) as error:
                log.error(f"kube-vip: {error}")
                if time.monotonic() - self.renewed > int(env["vip_renewdeadline"]):
                    self.release()
            time.sleep(int(env["vip_retryperiod"]))

    # --- the address -------------------------------------------------------------------------------------------------

    def hold(self, env):
        wanted = (f"{env['address']}/{env['vip_subnet']}", env.get("vip_interface") or default_interface())
        if self.held == wanted:
            return
        self.release()
        ip("addr", "replace", wanted[0], "dev", wanted[1])
        self.held = wanted
        announce(env["address"], wanted[1])
        log.info(f"kube-vip: {self.node} holds {wanted[0]} on {wanted[1]}")

    def release(self):
        if self.held:
            ip("addr", "del", self.held[0], "dev", self.held[1])
            log.info(f"kube-vip: {self.node} lets go of {self.held[0]}")
        self.held = None


def ip(*arguments):
    return subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True).stdout


def default_interface():
    found = re.search(r" dev (\S+)", ip("-o", "route", "show", "default"))
    if found is None:
        log.fatal("kube-vip: there is no default route to take the interface from")
    return found.group(1)


def announce(address, interface):
    """Gratuitous ARP: all who remember another machine for the address learn of this one."""
    with open(f"/sys/class/net/{interface}/address", encoding="ascii") as file:
        mac = bytes.fromhex(file.read().strip().replace(":", ""))
    quad = socket.inet_aton(address)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
        raw.bind((interface, 0))
        for operation in (1, 2):
            body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation) + mac + quad + (b"\xff" * 6 if operation == 2 else b"\x00" * 6) + quad
            raw.send(b"\xff" * 6 + mac + struct.pack("!H", 0x0806) + body)


def main(arguments):
    node, tls = arguments
    with open(f"{RUN}/kube-vip.lock", "a", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return
        KubeVip(node, tls).run()
