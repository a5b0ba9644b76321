"""The network of the pods, as k3s' flannel makes it: a real VXLAN of the kernel, or routes; no pods are on it.

After flannel's backends (flannel-io/flannel, pkg/backend/vxlan, hostgw and wireguard) and k3s' pkg/agent/flannel: the interface that
`flannel-iface` names, else that of the default route, and its first address; told to the others by annotations. Not every kernel
has WireGuard: its device is a VXLAN here, which encrypts nothing, with the name, port, address and one route of the real one
(`Configure` and `upAndAddRoute` in pkg/backend/wireguard/device.go; UDP 51820 is `ListenPort` by default).
"""

import ipaddress
import json
import os
import re
import subprocess
import threading
import time

from standin import log, pki
from standin.objects import ApiError

PREFIX = "flannel.alpha.coreos.com/"
TYPES = {"vxlan": "vxlan", "host-gw": "host-gw", "wireguard-native": "wireguard"}
NETWORK = "10.42.0.0/16"
# Device, VNI and UDP port of those backends that have a device of their own.
DEVICES = {"vxlan": ("flannel.1", "1", "8472"), "wireguard-native": ("flannel-wg", "2", "51820")}


def ip(*arguments, check=True):
    return subprocess.run(["ip", *arguments], check=check, capture_output=True, text=True).stdout


def interface_of(settings):
    """(name, its first address); ends k3s where there is no such interface, as k3s does."""
    name = settings.get("flannel-iface")
    if name is None:
        found = re.search(r" dev (\S+)", ip("-o", "route", "show", "default"))
        if found is None:
            log.fatal("flannel exited: failed to get default interface: unable to find default route")
        name = found.group(1)
    elif not os.path.exists(f"/sys/class/net/{name}"):
        log.fatal(f"unable to find interface {name}: route ip+net: no such network interface")
    found = re.search(r" inet ([0-9.]+)", ip("-o", "-4", "addr", "show", "dev", name))
    if found is None:
        log.fatal(f"flannel exited: failed to find IPv4 address for interface {name}")
    return name, found.group(1)


class Flannel:
    """`config` is what a server says of the cluster: its backend is learned at the start, and not looked at again."""

    def __init__(self, agent, config):
        self.agent, self.backend = agent, config.get("flannel-backend", "vxlan")
        self.known = {}

    def start(self):
        if self.backend == "none":
            return
        if self.backend not in TYPES:
            log.fatal(f"Cannot configure unknown flannel backend '{self.backend}'")
        network = {"Network": NETWORK, "EnableIPv6": False, "EnableIPv4": True, "IPv6Network": "::/0",
                   "Backend": {"Type": TYPES[self.backend]}}
        pki.write(os.path.join(self.agent.folder, "etc/flannel/net-conf.json"), json.dumps(network, indent=1).encode())
        self.interface, self.address = interface_of(self.agent.settings)
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        own = None
        while True:
            try:
                nodes = self.agent.nodes()
                if own is None:
                    own = next((one["spec"].get("podCIDR") for one in nodes if one["metadata"]["name"] == self.agent.name), None)
                    if own is not None:
                        self._begin(own)
                else:
                    self._others(nodes)
            except (ApiError, OSError, subprocess.CalledProcessError) as error:
                log.error(f"flannel: {error} {getattr(error, 'stderr', '') or ''}")
            time.sleep(1)

    def _begin(self, own):
        data = {}
        if self.backend in DEVICES:
            device, vni, port = DEVICES[self.backend]
            first = str(ipaddress.ip_network(own)[0])
            same = f"local {self.address} dev {self.interface} " in ip("-o", "-d", "link", "show", device, check=False)
            if not same:
                ip("link", "del", device, check=False)
                ip("link", "add", device, "type", "vxlan", "id", vni, "dstport", port, "local", self.address, "dev", self.interface, "nolearning")
            ip("addr", "replace", f"{first}/32", "dev", device)
            ip("link", "set", device, "up")
            if self.backend == "wireguard-native":
                ip("route", "replace", NETWORK, "dev", device, "scope", "link")
            with open(f"/sys/class/net/{device}/address", encoding="ascii") as file:
                data = {"VNI": int(vni), "VtepMAC": file.read().strip()}
        self.agent.annotate({PREFIX + "backend-type": TYPES[self.backend], PREFIX + "public-ip": self.address,
                             PREFIX + "kube-subnet-manager": "true", PREFIX + "backend-data": json.dumps(data) if data else "null"})

    def _others(self, nodes):
        """What leads to each other node of the same backend; what is not there any more goes."""
        wanted = {}
        for node in nodes:
            notes, network = node["metadata"].get("annotations", {}), node["spec"].get("podCIDR")
            if node["metadata"]["name"] != self.agent.name and network and notes.get(PREFIX + "backend-type") == TYPES[self.backend]:
                data = json.loads(notes.get(PREFIX + "backend-data", "null")) or {}
                wanted[network] = (notes[PREFIX + "public-ip"], data.get("VtepMAC"))
        for network in set(self.known) - set(wanted):
            if self.backend != "wireguard-native":
                ip("route", "del", network, check=False)
            del self.known[network]
        for network, (public, mac) in wanted.items():
            if self.known.get(network) == (public, mac):
                continue
            if self.backend in DEVICES:
                device, first = DEVICES[self.backend][0], network.partition("/")[0]
                ip("neigh", "replace", first, "lladdr", mac, "dev", device, "nud", "permanent")
                subprocess.run(["bridge", "fdb", "replace", mac, "dev", device, "dst", public], check=True, capture_output=True, text=True)
                if self.backend == "vxlan":
                    ip("route", "replace", network, "via", first, "dev", device, "onlink")
            elif self.backend == "host-gw":
                ip("route", "replace", network, "via", public, "dev", self.interface)
            self.known[network] = (public, mac)
